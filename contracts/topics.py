"""Reads topics/: where each event flows, who writes and who reads. One line an event."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from contracts.errors import ContractError
from contracts.schemas import ROOT, Schema, Schemas, load_schemas, subject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KEYS = {"topic", "key", "partitions", "retention_days", "writers", "readers", "dead_letters", "events"}
DOMAINS = ("auth", "resources", "availability", "stockpile", "reports")
PARTIES = {*DOMAINS, "api"}
ROUTING_KEY = re.compile(r"(?P<service>[a-z]+)\.[a-z_]+\.[a-z_]+")


@dataclass(frozen=True)
class Event:
    """One fact. `name` RESERVATION_CREATED, `type` availability.reservation.created, `class_name` ReservationCreated."""

    name: str
    type: str
    domain: str
    topic: str
    key_field: str
    class_name: str
    subject: str
    schema: Schema
    version: int
    history: Mapping[int, Schema]

    @property
    def stem(self) -> str:
        """The name of its files."""
        return self.name.lower()


@dataclass(frozen=True)
class Topic:
    name: str
    domain: str
    key: str
    partitions: int
    retention_days: int
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    dead_letters: str
    events: tuple[Event, ...]


def load_topics(root: Path = ROOT, schemas: Schemas | None = None) -> tuple[Topic, ...]:
    """The five topics in the order of DOMAINS. Raises ContractError with the file and what to do."""
    schemas = schemas or load_schemas(root)
    topics = tuple(_topic(root / "topics" / f"{domain}.yaml", domain, schemas) for domain in DOMAINS)
    claimed = {(event.domain, event.stem) for topic in topics for event in topic.events}
    for domain, stem in schemas.records.keys() - claimed:
        raise ContractError(
            f"schemas/{domain}/{stem}.avsc is on no topic: add a line '{stem.upper()}: ...' to topics/{domain}.yaml"
        )
    return topics


def load_events(root: Path = ROOT) -> tuple[Event, ...]:
    return tuple(event for topic in load_topics(root) for event in topic.events)


def _topic(path: Path, domain: str, schemas: Schemas) -> Topic:
    if not path.exists():
        raise ContractError(f"{path} is missing: each domain has its topic")
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    if data.keys() != KEYS:
        raise ContractError(
            f"{path}: the keys are {', '.join(sorted(KEYS))}; missing or unknown: {', '.join(sorted(data.keys() ^ KEYS))}"
        )
    for party in (*data["writers"], *data["readers"]):
        if party not in PARTIES:
            raise ContractError(f"{path}: {party!r} is nobody; writers and readers are of {', '.join(sorted(PARTIES))}")
    events = tuple(_event(path, name, line, domain, data, schemas) for name, line in data["events"].items())
    return Topic(
        data["topic"],
        domain,
        data["key"],
        data["partitions"],
        data["retention_days"],
        tuple(data["writers"]),
        tuple(data["readers"]),
        data["dead_letters"],
        events,
    )


def _event(path: Path, name: str, line: Any, domain: str, topic: dict[str, Any], schemas: Schemas) -> Event:
    routing_key, key = (line, topic["key"]) if isinstance(line, str) else (line["type"], line["key"])
    match = ROUTING_KEY.fullmatch(routing_key)
    if match is None or match["service"] != domain:
        raise ContractError(f"{path}: {name} has the routing key {routing_key!r}; it is {domain}.<entity>.<action> in lower case")
    schema = schemas.records.get((domain, name.lower()))
    if schema is None:
        raise ContractError(f"{path}: {name} has no schema: write schemas/{domain}/{name.lower()}.avsc")
    class_name = "".join(part.capitalize() for part in name.split("_"))
    if schema["name"] != class_name or schema["namespace"] != f"bookly.{domain}":
        raise ContractError(f"schemas/{domain}/{name.lower()}.avsc: the record must be called bookly.{domain}.{class_name}")
    if not any(field["name"] == key and field["type"] == "string" for field in schema["fields"]):
        raise ContractError(f"{path}: {name} is keyed by {key!r}, which is no string field of its schema")
    history = schemas.history.get((domain, name.lower()), {})
    version = max(history, default=0)
    return Event(name, routing_key, domain, topic["topic"], key, class_name, subject(schema), schema, version, history)

"""Reads topics/: where each event flows, who writes and who reads. One line an event."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.errors import ContractError
from contracts.reading import read_yaml
from contracts.schemas import ROOT, Schema, Schemas, load_schemas, subject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KEYS = {"topic", "key", "partitions", "retention_days", "writers", "readers", "dead_letters", "events"}
DOMAINS = ("auth", "resources", "availability", "stockpile", "reports")
PARTIES = {*DOMAINS, "api"}
ROUTING_KEY = re.compile(r"(?P<service>[a-z]+)\.[a-z_]+\.[a-z_]+")
EVENT_NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


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

    @property
    def control(self) -> str:
        """Where operators tell the domain's group to release a key."""
        return f"{self.name}.control"

    @property
    def replay(self) -> str:
        """Where records are given to the domain's group once more, each with the place that it came from."""
        return f"{self.name}.replay"


def load_topics(root: Path = ROOT, schemas: Schemas | None = None) -> tuple[Topic, ...]:
    """The five topics in the order of DOMAINS. Raises ContractError with the file and what to do."""
    schemas = schemas or load_schemas(root)
    topics = tuple(_topic(root / "topics" / f"{domain}.yaml", domain, schemas) for domain in DOMAINS)
    claimed = {(event.domain, event.stem) for topic in topics for event in topic.events}
    for domain, stem in schemas.records.keys() - claimed:
        raise ContractError(
            f"schemas/{domain}/{stem}.avsc is on no topic: add a line '{stem.upper()}: ...' to topics/{domain}.yaml"
        )
    _refuse_shared_type(topics)
    _refuse_uneven(root, topics)
    return topics


def load_events(root: Path = ROOT) -> tuple[Event, ...]:
    return tuple(event for topic in load_topics(root) for event in topic.events)


def _topic(path: Path, domain: str, schemas: Schemas) -> Topic:
    data = read_yaml(path)
    _refuse_topic(path, domain, data)
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


def _refuse_topic(path: Path, domain: str, data: dict[str, Any]) -> None:
    if data.keys() != KEYS:
        odd = ", ".join(sorted(map(str, data.keys() ^ KEYS)))
        raise ContractError(f"{path}: the keys are {', '.join(sorted(KEYS))}; missing or unknown: {odd}")
    names = {"topic": f"bookly.{domain}", "dead_letters": f"bookly.{domain}.dead"}
    for key, name in names.items():
        if data[key] != name:
            raise ContractError(f"{path}: {key} is {name}, not {data[key]!r}: workers and alarms know it by this name")
    for key in ("partitions", "retention_days"):
        if type(data[key]) is not int or data[key] < 1:
            raise ContractError(f"{path}: {key} is a whole number from 1, not {data[key]!r}")
    for key, kind in {"writers": list, "readers": list, "events": dict}.items():
        if not isinstance(data[key], kind) or not data[key]:
            raise ContractError(f"{path}: {key} is a {kind.__name__} that is not empty, not {data[key]!r}")
    for party in (*data["writers"], *data["readers"]):
        if party not in PARTIES:
            raise ContractError(f"{path}: {party!r} is nobody; writers and readers are of {', '.join(sorted(PARTIES))}")


def _refuse_shared_type(topics: tuple[Topic, ...]) -> None:
    owners: dict[str, str] = {}
    for topic in topics:
        for event in topic.events:
            owner = owners.setdefault(event.type, event.name)
            if owner != event.name:
                raise ContractError(
                    f"topics/{topic.domain}.yaml: {event.name} has {owner}'s routing key {event.type!r}; choose another"
                )


def _refuse_uneven(root: Path, topics: tuple[Topic, ...]) -> None:
    """Tables are fed by several topics with one key: the same resource must be on the same partition of each."""
    keyed = [topic for topic in topics if topic.key == "resource_id"]
    for topic in keyed:
        if topic.partitions != keyed[0].partitions:
            raise ContractError(
                f"{root / 'topics' / topic.domain}.yaml: partitions is {topic.partitions}, and on "
                f"{keyed[0].name}, which is keyed by resource_id as well, {keyed[0].partitions}; make them equal"
            )


def _event(path: Path, name: str, line: Any, domain: str, topic: dict[str, Any], schemas: Schemas) -> Event:
    routing_key, key = _line(path, name, line, topic["key"])
    match = ROUTING_KEY.fullmatch(routing_key)
    if match is None or match["service"] != domain:
        raise ContractError(f"{path}: {name} has the routing key {routing_key!r}; it is {domain}.<entity>.<action> in lower case")
    schema = schemas.records.get((domain, name.lower()))
    if schema is None:
        raise ContractError(f"{path}: {name} has no schema: write schemas/{domain}/{name.lower()}.avsc")
    if not any(field["name"] == key and field["type"] == "string" for field in schema["fields"]):
        raise ContractError(f"{path}: {name} is keyed by {key!r}, which is no string field of its schema")
    history = schemas.history.get((domain, name.lower()), {})
    version = max(history, default=0)
    return Event(name, routing_key, domain, topic["topic"], key, schema["name"], subject(schema), schema, version, history)


def _line(path: Path, name: Any, line: Any, key: str) -> tuple[str, str]:
    """The routing key and the key field: `NAME: routing.key`, or `NAME: {type: routing.key, key: field}` where they differ."""
    if not isinstance(name, str) or not EVENT_NAME.fullmatch(name):
        raise ContractError(
            f"{path}: {name!r} is no name of an event; it is in upper case with underscores, as RESERVATION_CREATED"
        )
    if isinstance(line, dict) and line.keys() == {"type", "key"}:
        line, key = line["type"], line["key"]
    if not isinstance(line, str):
        raise ContractError(
            f"{path}: {name} is a routing key, or {{type: <routing key>, key: <field>}} and nothing else; not {line!r}"
        )
    return line, key

"""The same contracts as an EventCatalog: domains, services, channels and events as MDX with front matter, schemas beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from contracts.documents import table
from contracts.errors import ContractError
from contracts.examples import read_example
from contracts.fields import fields_of
from contracts.rendering import project_version
from contracts.schemas import ROOT, load_schemas, wire_schema
from contracts.topics import DOMAINS, load_topics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from contracts.documents import Reactions
    from contracts.schemas import Schema
    from contracts.topics import Event, Topic

EDGE = "api"
ORIGIN = "# Exported by `python -m contracts export-eventcatalog`: edit schemas/ and topics/, and export again."


def export_eventcatalog(to: Path, reactions: Reactions, root: Path = ROOT) -> int:
    """Write the catalogue into an empty or new folder; how many files. Raises ContractError where something is in it.

    What the contracts no longer have must not stay in the catalogue, and nothing of anybody else's is taken away.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise ContractError(f"{to} is not an empty folder: empty it, or name another")
    files = render_eventcatalog(reactions, root)
    for path, text in files.items():
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        (to / path).write_text(text, encoding="utf-8")
    return len(files)


def render_eventcatalog(reactions: Reactions, root: Path = ROOT) -> dict[Path, str]:
    """Every file of the catalogue by its path below it."""
    topics, version = load_topics(root), project_version(root)
    files = {_service_path(EDGE): _service(EDGE, topics, reactions, version)}
    for topic in topics:
        files[Path(f"domains/{topic.domain}/index.mdx")] = _domain(topic, version)
        files[_service_path(topic.domain)] = _service(topic.domain, topics, reactions, version)
        files[Path(f"channels/{topic.name}/index.mdx")] = _channel(topic, version)
        for event in topic.events:
            files |= dict(_event(event, reactions, root))
    return files


def _service_path(party: str) -> Path:
    domain = f"domains/{party}/" if party in DOMAINS else ""
    return Path(f"{domain}services/{_service_id(party)}/index.mdx")


def _service_id(party: str) -> str:
    """As its consumer group is called. A domain has the short name, and ids are looked up over all kinds."""
    return f"bookly-{party}"


def _domain(topic: Topic, version: str) -> str:
    front = {
        "id": topic.domain,
        "name": topic.domain.capitalize(),
        "version": version,
        "summary": f"The facts of {topic.domain}, and who reacts.",
        "services": [{"id": _service_id(topic.domain), "version": version}],
    }
    return _page(front, f"{len(topic.events)} events on the topic `{topic.name}`.", "", "<NodeGraph />")


def _service(party: str, topics: Iterable[Topic], reactions: Reactions, version: str) -> str:
    handled = [
        (topic, event, subscription)
        for topic in topics
        for event in topic.events
        for group, subscription in reactions.of_event(event)
        if group == party
    ]
    received = {event.name: (topic, event) for topic, event, _ in handled} or {
        event.name: (topic, event) for topic in topics if party in topic.readers for event in topic.events
    }
    front = {
        "id": _service_id(party),
        "name": f"Bookly {party}",
        "version": version,
        "summary": "Reads, commands and live views over HTTP." if party == EDGE else f"The consumer group of {party}.",
        "sends": [_pointer(event, to=topic) for topic in topics if party in topic.writers for event in topic.events],
        "receives": [_pointer(event, taken_from=topic) for topic, event in received.values()],
    }
    rows = [(f"`{event.type}`", f"`{s.handler}`", _mdx(" ".join(s.doc.split()))) for _, event, s in handled]
    lines = ["## Handlers", "", *table(("event", "handler", "what it does"), rows), ""] if rows else []
    return _page(front, *lines, "<NodeGraph />")


def _pointer(event: Event, to: Topic | None = None, taken_from: Topic | None = None) -> dict[str, Any]:
    way = {"to": [{"id": to.name}]} if to else {}
    way |= {"from": [{"id": taken_from.name}]} if taken_from else {}
    return {"id": event.class_name, "version": _version(event.version), **way}


def _channel(topic: Topic, version: str) -> str:
    front = {
        "id": topic.name,
        "name": topic.name,
        "version": version,
        "summary": f"Keyed by {topic.key}, {topic.partitions} partitions, kept {topic.retention_days} days.",
        "address": topic.name,
        "protocols": ["kafka"],
        "deliveryGuarantee": "exactly-once",
    }
    return _page(
        front,
        "Events of one key keep their order.",
        f"What the group of {topic.domain} could not use is in `{topic.dead_letters}`, with the reason.",
        "",
        "<NodeGraph />",
    )


def _event(event: Event, reactions: Reactions, root: Path) -> Iterator[tuple[Path, str]]:
    """The newest version's page and schema, and those of the versions before it."""
    schemas = load_schemas(root)
    folder = _service_path(event.domain).parent / "events" / event.class_name
    handlers = ", ".join(f"`{s.handler}` ({group})" for group, s in reactions.of_event(event)) or "nobody"
    example = ["## Example", "", "```json", json.dumps(read_example(event, root), indent=2, ensure_ascii=False), "```"]
    for version, data in {**event.history, event.version: event.schema}.items():
        newest = version == event.version
        place = folder if newest else folder / "versioned" / _version(version)
        front = {
            "id": event.class_name,
            "name": event.name,
            "version": _version(version),
            "summary": data["doc"],
            "schemaPath": "schema.avsc",
            "channels": [{"id": event.topic}],
        }
        facts = f"Routing key `{event.type}`, key `{event.key_field}`, subject `{event.subject}`. Handled by {handlers}."
        lines = [facts, "", *table(("field", "type", "personal", "meaning"), _rows(data)), "", *(example if newest else ())]
        yield place / "index.mdx", _page(front, *lines, "", '<SchemaViewer file="schema.avsc" />', "", "<NodeGraph />")
        yield place / "schema.avsc", json.dumps(wire_schema(data, schemas), indent=2) + "\n"


def _rows(data: Schema) -> Iterator[tuple[str, ...]]:
    for field in fields_of(data):
        yield f"`{field.name}`", field.avro, "yes" if field.pii else "", _mdx(field.doc)


def _version(number: int) -> str:
    """The catalogue knows semantic versions alone."""
    return f"{number}.0.0"


def _page(front: dict[str, Any], *lines: str) -> str:
    said = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=130)
    return "\n".join(["---", ORIGIN, f"{said}---", "", *lines, ""])


def _mdx(text: str) -> str:
    """Prose in which no sign begins a component or an expression."""
    return text.replace("{", "&#123;").replace("<", "&lt;")

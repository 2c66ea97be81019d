"""All files that are made from schemas/ and topics/: their text, whether they are current, and writing them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from contracts.compatibility import incompatibilities
from contracts.errors import ContractError
from contracts.render_catalog import render_catalog, render_event_types, render_schemas
from contracts.render_envelope import render_envelope, render_tables
from contracts.render_events import render_events
from contracts.render_records import render_domain
from contracts.rendering import formatted
from contracts.schemas import ROOT, load_schemas, wire_schema
from contracts.topics import load_topics

if TYPE_CHECKING:
    from contracts.schemas import Schemas
    from contracts.topics import Event

SDK = Path("sdk/bookly")


def render_all(root: Path = ROOT) -> dict[Path, str]:
    """Every generated file of the SDK by its path below the root. Raises ContractError."""
    schemas = load_schemas(root)
    topics = load_topics(root, schemas)
    events = tuple(event for topic in topics for event in topic.events)
    refuse_incompatible(events, schemas)
    files = {
        SDK / "events/__init__.py": render_event_types(events),
        SDK / "catalog.py": render_catalog(events),
        SDK / "schemas.json": render_schemas(events, schemas),
        SDK / "records/envelope.py": render_envelope(schemas),
        SDK / "records/__init__.py": render_tables(events, schemas),
    }
    for topic in topics:
        files[SDK / f"records/{topic.domain}.py"] = render_domain(topic.events, schemas)
        files[SDK / f"events/{topic.domain}.py"] = render_events(topic.domain, topic.events, schemas)
    return formatted(files, root)


def refuse_incompatible(events: tuple[Event, ...], schemas: Schemas) -> None:
    """Raise ContractError when a version of an event could not be read by, or could not read, another one."""
    for event in events:
        if not event.history:
            continue
        versions = {version: wire_schema(schema, schemas) for version, schema in event.history.items()}
        versions[event.version + 1] = wire_schema(event.schema, schemas)
        for sentence in incompatibilities(versions):
            raise ContractError(f"schemas/{event.domain}/{event.stem}.avsc: {sentence}. Give new fields a default, remove none.")


def stale(files: dict[Path, str], root: Path = ROOT) -> list[Path]:
    """The files that are not as they would be generated now."""
    return [path for path, text in files.items() if not (root / path).exists() or (root / path).read_text(encoding="utf-8") != text]


def write(files: dict[Path, str], root: Path = ROOT) -> list[Path]:
    """Write what is stale and remove what was compiled from it; the paths written."""
    written = stale(files, root)
    for path in written:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(files[path], encoding="utf-8")
        for compiled in (root / path).parent.glob(f"{path.stem}.*.so"):
            compiled.unlink()
    return written

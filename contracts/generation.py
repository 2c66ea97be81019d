"""All files that are made from schemas/ and topics/: their text, whether they are current, and writing them."""

from __future__ import annotations

from pathlib import Path

from contracts.compatibility import refuse_incompatible
from contracts.compilation import remove_compiled
from contracts.render_catalog import render_catalog, render_event_types, render_schemas
from contracts.render_events import render_events
from contracts.render_records import render_domain, render_envelope
from contracts.render_tables import render_tables
from contracts.rendering import formatted
from contracts.schemas import ROOT, load_schemas
from contracts.topics import load_topics

SDK = Path("sdk/bookly")
RECORDS = SDK / "records"


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
        RECORDS / "envelope.py": render_envelope(schemas),
        RECORDS / "__init__.py": render_tables(events, schemas),
    }
    for topic in topics:
        files[RECORDS / f"{topic.domain}.py"] = render_domain(topic.events, schemas)
        files[SDK / f"events/{topic.domain}.py"] = render_events(topic.domain, topic.events, schemas)
    return formatted(files, root)


def stale(files: dict[Path, str], root: Path = ROOT) -> list[Path]:
    """The files that are not as they would be generated now."""
    return [
        path for path, text in files.items() if not (root / path).exists() or (root / path).read_text(encoding="utf-8") != text
    ]


def write(files: dict[Path, str], root: Path = ROOT) -> list[Path]:
    """Write what is stale and remove what was compiled from it; the paths written."""
    written = stale(files, root)
    for path in written:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(files[path], encoding="utf-8")
    if any(path.is_relative_to(RECORDS) for path in written):
        remove_compiled(root / RECORDS)
    return written

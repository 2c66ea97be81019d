"""The history of the schemas: a changed schema becomes its next version, and nothing is ever taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.generation import refuse_incompatible
from contracts.schemas import ROOT, load_schemas
from contracts.topics import load_events

if TYPE_CHECKING:
    from pathlib import Path

    from contracts.topics import Event


def unrecorded(events: tuple[Event, ...]) -> list[Event]:
    """Events whose schema is not their newest version."""
    return [event for event in events if event.history.get(event.version) != event.schema]


def extend(root: Path = ROOT) -> list[Path]:
    """Record each changed schema as its next version; the files written. Raises ContractError for an incompatible change."""
    events = load_events(root)
    refuse_incompatible(events, load_schemas(root))
    written = []
    for event in unrecorded(events):
        path = root / f"schemas/history/{event.domain}/{event.stem}.v{event.version + 1}.avsc"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((root / f"schemas/{event.domain}/{event.stem}.avsc").read_bytes())
        written.append(path.relative_to(root))
    return written

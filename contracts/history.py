"""The history of the schemas: a changed schema becomes its next version, and nothing is ever taken out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from contracts.compatibility import refuse_incompatible
from contracts.examples import refuse_bad_examples
from contracts.schemas import ROOT, load_schemas
from contracts.topics import load_events

if TYPE_CHECKING:
    from pathlib import Path

    from contracts.schemas import Schema
    from contracts.topics import Event


def unrecorded(events: tuple[Event, ...]) -> list[Event]:
    """Events whose schema is not their newest version: a field, a shared enum or a word of its documentation has changed."""
    return [event for event in events if event.history.get(event.version) != event.schema]


def extend(root: Path = ROOT) -> list[Path]:
    """Record each changed schema as its next version; the files written. Raises ContractError for an incompatible change."""
    events = load_events(root)
    refuse_incompatible(events, load_schemas(root))
    refuse_bad_examples(events, root)
    written = []
    for event in unrecorded(events):
        path = root / f"schemas/history/{event.domain}/{event.stem}.v{event.version + 1}.avsc"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(event.schema), encoding="utf-8")
        written.append(path.relative_to(root))
    return written


def text(record: Schema) -> str:
    """A data record as its file shows it: one line a field."""
    head = "".join(
        f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)},\n" for key, value in record.items() if key != "fields"
    )
    fields = ",\n".join(f"    {json.dumps(field, ensure_ascii=False)}" for field in record["fields"])
    return f'{{\n{head}  "fields": [\n{fields}\n  ]\n}}\n'

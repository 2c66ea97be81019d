"""The declared types and the map as Markdown tables, so that documents cannot say anything else.

`python -m bookly.cache.documents docs/caching.md` writes them between the two marks of that file.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from bookly.cache.stale import STALE, UNAFFECTED, Stale
from bookly.cache.tags import Entity
from bookly.cache.types import HOUR, MINUTE, TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable

BEGIN = "<!-- generated from bookly.cache by `python -m bookly.cache.documents docs/caching.md` -->"
END = "<!-- end of the generated part -->"


class InvalidationRow(NamedTuple):
    """One line of the map: what a group makes stale when it has committed an event."""

    group: str
    event: str
    target: str
    reach: str
    by: str


def invalidation_rows() -> list[InvalidationRow]:
    """The whole map, for documents and consoles, in its own order."""
    return [
        InvalidationRow(group, event.name, _target(stale), stale.reach.value, _by(stale))
        for (group, event), found in STALE.items()
        for stale in found
    ]


def tables() -> str:
    """The types, the map, and the events that change nothing that is cached, each with its reason."""
    types = [
        (
            f"`{each.service}`",
            each.name,
            f"`{each.key}`",
            f"`{_model(each.model)}`",
            _ttl(each.ttl),
            _kinds(each.carries),
            _kinds(each.shows),
        )
        for each in TYPES.values()
    ]
    rows = [(row.group, row.event, row.target, row.reach, row.by) for row in invalidation_rows()]
    reasons = [
        (group, ", ".join(event.name for event in events), reason)
        for group, found in UNAFFECTED.items()
        for reason, events in found.items()
    ]
    return "\n".join(
        (
            "## Types",
            "",
            *_table(("service", "type", "key", "value", "time to live", "carries", "shows (the loader says)"), types),
            "",
            "## What goes stale with which event",
            "",
            *_table(("group", "event", "makes stale", "reach", "by"), rows),
            "",
            "## Events that change nothing that is cached",
            "",
            *_table(("group", "events", "because"), reasons),
        )
    )


def insert(document: str) -> str:
    """The document with the present tables between its marks. Raises ValueError where a mark is missing."""
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = tuple(head)
    return [f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows)]


def _target(stale: Stale) -> str:
    if isinstance(stale.target, str):
        return f"all of `{stale.target}`"
    return f"all that shows {_kind(stale.target)}" if isinstance(stale.target, Entity) else stale.target.name


def _by(stale: Stale) -> str:
    return ", ".join(stale.fields) + (f", if there is a {stale.when}" if stale.when else "")


def _model(model: Any) -> str:
    """As it is written in code: a class by its name, a tuple of them with its element."""
    elements = get_args(model)
    name = str(model.__name__)
    return f"{name}[{', '.join('...' if each is ... else _model(each) for each in elements)}]" if elements else name


def _kinds(entities: Iterable[Entity]) -> str:
    return ", ".join(map(_kind, entities))


def _kind(entity: Entity) -> str:
    return entity.kind if not entity.by else f"its {entity.kind}"


def _ttl(seconds: int | None) -> str:
    if seconds is None:
        return "the loader says"
    return f"{seconds // HOUR} h" if seconds >= HOUR else f"{seconds // MINUTE} min"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(insert(path.read_text(encoding="utf-8")), encoding="utf-8")

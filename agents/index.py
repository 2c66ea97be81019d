"""An index of a table inside of its own partition: which rows share a value that is not their key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from agents.state import View

LATEST = 200


class Latest(Struct, frozen=True, gc=False):
    """The keys of the latest rows, oldest first. `older`: how many came before them and are left out."""

    keys: tuple[str, ...] = ()
    older: int = 0


def add_latest(index: View[Latest], value: str, key: str) -> None:
    """A row with this key is new; the LATEST ones are kept."""
    found = index.get(value, Latest())
    keys = (*found.keys, key)
    index[value] = Latest(keys[-LATEST:], found.older + max(0, len(keys) - LATEST))

"""What the caches of the three services have in common: a way to open a type's entries, and to make tags stale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from bookly.cache.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly.cache.entries import Entries, Shared
    from bookly.cache.types import CacheType


class Group:
    """The entries of one service's types, each an attribute of its type's name."""

    SERVICE: ClassVar[str]

    def __init__(self, shared: Shared, of: Callable[[CacheType], Entries[Any]]) -> None:
        self._deciding, self._invalidator = shared.deciding, shared.invalidator
        for each in TYPES.values():
            if each.service == self.SERVICE:
                setattr(self, each.name, of(each))

    async def _make_stale(self, *tags: str) -> None:
        self._invalidator.add(tags)
        await self._invalidator.send()

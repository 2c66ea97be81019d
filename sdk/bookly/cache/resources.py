"""What the services around resources keep: rooms, labs and equipment, categories, lists, and use."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from bookly.cache.group import Group
from bookly.cache.tags import complete
from bookly.cache.types import CATEGORY, LISTS, RESOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bookly.cache import values
    from bookly.cache.entries import Entries


class ResourcesCache(Group):
    SERVICE: ClassVar = "res"

    resource: Entries[values.Resource]
    resource_status: Entries[values.ResourceStatus]
    category: Entries[values.Category]
    categories: Entries[tuple[values.Category, ...]]
    list: Entries[tuple[values.Resource, ...]]
    search: Entries[tuple[values.Resource, ...]]
    usage: Entries[values.Usage]

    async def get_many(self, ids: Iterable[str]) -> dict[str, values.Resource | None]:
        """The current ones among these resources, in one round trip; what is missing has to be loaded."""
        return await self.resource.get_many(ids)

    async def invalidate_resource(self, resource_id: str) -> None:
        """All that shows the resource; and every list, for it may be in any."""
        await self._make_stale(RESOURCE.tag(resource_id), LISTS.tag())

    async def invalidate_category(self, category_id: str) -> None:
        """All that shows the category, and every list."""
        await self._make_stale(CATEGORY.tag(category_id), LISTS.tag())

    async def invalidate_lists(self) -> None:
        """Every list and search."""
        await self._make_stale(LISTS.tag())

    async def invalidate_all(self) -> None:
        """Everything of this service."""
        await self._make_stale(complete(self.SERVICE))

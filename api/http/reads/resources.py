"""Resources, their status and use, categories, lists, search."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api.http.ports import Answers, Edge
from api.http.reads.reading import there, whole
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import RESOURCES
from api.http.shapes.base import Id
from api.http.shapes.resources import Categories, Category, Resource, ResourceList, ResourceStatus, Usage
from bookly.cache import Loaded
from bookly.cache.types import CATEGORY
from bookly.events.resources import ResourceStatus as Status

router = APIRouter(tags=["resources"], dependencies=[Depends(Guard(RESOURCES))])
Limit = Annotated[int, Query(ge=1, le=200, description="how many at most")]
Row = dict[str, Any]


async def resource_of(edge: Edge, resource_id: str) -> Resource:
    """Through the cache. Raises NotThere. Commands ask it, too."""

    async def load() -> object:
        row = (await edge.owners.row("resources", "resources", resource_id, routed_by=resource_id)).value
        return Loaded(row and {"resource_id": resource_id, **row}, {CATEGORY: (row["category_id"],) if row else ()})

    found = await edge.caches.resources.resource.get_or_load(resource_id, loader=load)
    return Resource.model_validate(there(found, "resource"))


@router.get("/resources/{resource_id}")
async def resource(edge: TheEdge, resource_id: Id) -> Resource:
    """One resource."""
    return await resource_of(edge, resource_id)


@router.get("/resources/{resource_id}/status")
async def status(edge: TheEdge, resource_id: Id) -> ResourceStatus:
    """What it can be used for right now."""

    async def load() -> Row | None:
        row = (await edge.owners.row("resources", "resources", resource_id, routed_by=resource_id)).value
        return None if row is None else {"status": row["status"]}

    found = await edge.caches.resources.resource_status.get_or_load(resource_id, loader=load)
    return ResourceStatus.model_validate(there(found, "resource"))


@router.get("/resources/{resource_id}/usage")
async def usage(edge: TheEdge, resource_id: Id) -> Usage:
    """How much it is used. One that nobody has used yet has zeros."""

    async def load() -> Row | None:
        resource = await edge.owners.row("resources", "resources", resource_id, routed_by=resource_id)
        if resource.value is None:
            return None
        counted: Row | None = (await edge.owners.row("resources", "usage", resource_id, routed_by=resource_id)).value
        return counted or dict.fromkeys(Usage.model_fields, 0)

    found = await edge.caches.resources.usage.get_or_load(resource_id, loader=load)
    return Usage.model_validate(there(found, "resource"))


@router.get("/resources")
async def resources(
    edge: TheEdge, category: Annotated[Id | None, Query()] = None, status: Status | None = None, limit: Limit = 50
) -> ResourceList:
    """Those of a category, in a status, or all."""
    where = {name: value for name, value in (("category_id", category), ("status", status and status.value)) if value}

    async def load() -> list[Row]:
        return _first(await edge.owners.rows("resources", "resources", where=where, limit=None), limit, lambda _: True)

    return _listed(await edge.caches.resources.list.get_or_load(_key(category, status, limit), loader=load), limit)


@router.get("/search")
async def search(edge: TheEdge, q: Annotated[str, Query(min_length=2, max_length=80)], limit: Limit = 20) -> ResourceList:
    """Resources whose name, location or description has all of the words, in any case."""
    words = sorted(set(q.lower().split()))

    async def load() -> list[Row]:
        found = await edge.owners.rows("resources", "resources", limit=None)
        return _first(found, limit, lambda row: all(word in _text(row) for word in words))

    return _listed(await edge.caches.resources.search.get_or_load(_key(words, limit), loader=load), limit)


@router.get("/categories")
async def categories(edge: TheEdge) -> Categories:
    """All categories."""

    async def load() -> list[Row]:
        found = whole(await edge.owners.rows("resources", "categories", limit=None))
        return [{"category_id": key, **row} for key, row in found]

    return Categories(items=await edge.caches.resources.categories.get_or_load(loader=load))


@router.get("/categories/{category_id}")
async def category(edge: TheEdge, category_id: Id) -> Category:
    """One category."""

    async def load() -> Row | None:
        row = (await edge.owners.row("resources", "categories", category_id, routed_by=category_id)).value
        return None if row is None else {"category_id": category_id, **row}

    found = await edge.caches.resources.category.get_or_load(category_id, loader=load)
    return Category.model_validate(there(found, "category"))


def _first(found: Answers, limit: int, wanted: Callable[[Row], bool]) -> list[Row]:
    """One more than are shown, so that it can be said that there are more."""
    rows = [(key, row) for key, row in whole(found) if not row["deleted"] and wanted(row)]
    return [{"resource_id": key, **row} for key, row in rows[: limit + 1]]


def _key(*asked: object) -> str:
    """Two questions never have the same: what a caller may write in one part ends with that part."""
    return json.dumps(asked, ensure_ascii=False)


def _listed(found: Any, limit: int) -> ResourceList:
    return ResourceList(items=found[:limit], more=len(found) > limit)


def _text(row: Row) -> str:
    return " ".join(filter(None, (row["name"], row["location"], row["description"]))).lower()

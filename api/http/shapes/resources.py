"""Rooms, labs and equipment."""

from __future__ import annotations

from pydantic import BaseModel

from api.http.shapes.base import shown

_ROOM = {"resource_id": "room-b204", "name": "Room B204", "category_id": "rooms", "capacity": 30, "max_minutes": 240}
_MORE = {"location": "Building B, floor 2", "description": "Has a projector.", "status": "AVAILABLE", "deleted": False}
_CATEGORY = {"category_id": "rooms", "name": "Rooms", "parent_id": None, "description": "Where people meet."}


class Resource(BaseModel):
    """A resource; one that was deleted is still told of, with `deleted`."""

    model_config = shown(**_ROOM, **_MORE)

    resource_id: str
    name: str
    category_id: str
    capacity: int
    max_minutes: int
    location: str | None = None
    description: str | None = None
    status: str
    deleted: bool


class ResourceStatus(BaseModel):
    """What it can be used for right now."""

    model_config = shown(status="AVAILABLE")

    status: str


class Usage(BaseModel):
    """`reserved` counts reservations that still stand, the others only grow."""

    model_config = shown(reserved=3, created_total=41, check_outs=29, used_minutes=2610)

    reserved: int
    created_total: int
    check_outs: int
    used_minutes: int


class Category(BaseModel):
    model_config = shown(**_CATEGORY)

    category_id: str
    name: str
    parent_id: str | None = None
    description: str | None = None


class Categories(BaseModel):
    """All of them, by id."""

    model_config = shown(items=[_CATEGORY])

    items: tuple[Category, ...]


class ResourceList(BaseModel):
    """Resources that are not deleted, by id. `more`: there are others beyond the limit."""

    model_config = shown(items=[{**_ROOM, **_MORE}], more=False)

    items: tuple[Resource, ...]
    more: bool

"""What resources knows of rooms, labs and equipment, and how much they are used."""

from __future__ import annotations

from msgspec import Struct

from agents.state import State, Table


class Resource(Struct, frozen=True, gc=False):
    name: str
    category_id: str
    capacity: int
    max_minutes: int
    location: str | None = None
    description: str | None = None
    status: str = "AVAILABLE"
    deleted: bool = False


class Category(Struct, frozen=True, gc=False):
    name: str
    parent_id: str | None = None
    description: str | None = None


class Usage(Struct, frozen=True, gc=False):
    """`reserved` counts reservations that still stand, the others only grow."""

    reserved: int = 0
    created_total: int = 0
    check_outs: int = 0
    used_minutes: int = 0


class Counted(Struct, frozen=True, gc=False):
    """What has been counted of a reservation, so that nothing is counted twice.

    Its creation and its visit are on two topics: either may be seen first.
    """

    created: bool = False
    released: bool = False
    checked_in: bool = False
    checked_out: bool = False


class ResourcesState(State):
    resources = Table("resources", Resource)  # by resource_id
    categories = Table("categories", Category)  # by category_id
    usage = Table("usage", Usage)  # by resource_id
    counted = Table("counted", Counted)  # by reservation_id

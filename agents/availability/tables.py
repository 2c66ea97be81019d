"""What availability knows: reservations, calendars, queues, the rules of resources, and who may book."""

from __future__ import annotations

from msgspec import Struct

from agents.grants import Grants, Role
from agents.index import Latest
from agents.state import State, Table
from agents.timers import TimerTable

HOLDING = frozenset({"PENDING", "CONFIRMED", "CHECKED_IN"})  # states in which a reservation holds its slot


class Reservation(Struct, frozen=True, gc=False):
    """Times are microseconds since 1970 (UTC). `version` grows with every change."""

    resource_id: str
    user_id: str
    state: str
    starts_at: int
    ends_at: int
    attendees: int
    version: int = 1
    reason: str | None = None


class Slot(Struct, frozen=True, order=True):
    """A half-open interval that something holds. Ordered by time, so that a calendar is one sorted tuple."""

    starts_at: int
    ends_at: int
    kind: str  # RESERVATION, OFFER or MAINTENANCE
    holder: str  # reservation_id, waitlist_id or maintenance_id
    user_id: str | None = None


class Calendar(Struct, frozen=True, gc=False):
    """The held slots of a resource in order of their begin; long past ones are pruned when it is written. `at`: the time of the
    event that wrote it last.
    """

    slots: tuple[Slot, ...] = ()
    at: int = 0


class Waiting(Struct, frozen=True, gc=False):
    waitlist_id: str
    user_id: str
    starts_at: int
    ends_at: int


class Queue(Struct, frozen=True, gc=False):
    """Who waits for a resource, in order of joining."""

    entries: tuple[Waiting, ...] = ()


class Seen(Struct, frozen=True, gc=False):
    """That a place in a queue was taken, or a maintenance planned, once: the second time is a repeat."""

    resource_id: str


class Resource(Struct, frozen=True, gc=False):
    """The booking rules of a resource."""

    name: str
    category_id: str
    capacity: int
    max_minutes: int
    status: str = "AVAILABLE"
    deleted: bool = False


class Decision(Struct, frozen=True, gc=False):
    """A decision that came before its reservation: two topics, no order between them."""

    state: str
    approval_id: str
    automatic: bool = False
    reason: str | None = None


class AvailabilityState(State):
    reservations = Table("reservations", Reservation, {"user_id": "by_user"})  # by reservation_id
    by_user = Table("by_user", Latest)  # by user_id: that user's latest reservations on the resources of this partition
    calendars = Table("calendars", Calendar)  # by resource_id
    queues = Table("queues", Queue)  # by resource_id
    queued = Table("queued", Seen)  # by waitlist_id
    planned = Table("planned", Seen)  # by maintenance_id
    resources = Table("resources", Resource)  # by resource_id
    decisions = Table("decisions", Decision)  # by reservation_id
    permissions = Table("permissions", Grants)  # by user_id
    role_permissions = Table("role_permissions", Role)  # by role
    timers = TimerTable()  # of visitors and offers (agents/availability/deadlines.py)

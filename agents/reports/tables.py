"""What reports counts and keeps."""

from __future__ import annotations

from msgspec import Struct, field

from agents.state import State, Table

HOUR = 3_600_000_000  # microseconds


class Demand(Struct, frozen=True, gc=False):
    """One resource in one hour of event time."""

    asked: int = 0
    confirmed: int = 0
    refused: int = 0
    cancelled: int = 0
    expired: int = 0
    no_show: int = 0
    waitlisted: int = 0
    offered: int = 0
    conflicts: int = 0
    used: int = 0
    refused_by: dict[str, int] = field(default_factory=dict)


class Counted(Struct, frozen=True, gc=False):
    """Which kinds have been counted for a reservation or a place in a queue: each at most once."""

    kinds: tuple[str, ...] = ()


class Lead(Struct, frozen=True, gc=False):
    """How long a reservation waited for its decision, and whether its visitor came. Microseconds of event time."""

    requested_at: int | None = None
    decided_at: int | None = None
    outcome: str | None = None
    checked_in_at: int | None = None
    checked_out_at: int | None = None
    no_show_at: int | None = None


class Downtime(Struct, frozen=True, gc=False):
    """What took a resource out of use; by maintenance job: planned slot and state."""

    jobs: dict[str, tuple[int, int, str]] = field(default_factory=dict)  # starts_at, ends_at, state
    status: str = "AVAILABLE"
    deleted: bool = False


class Entry(Struct, frozen=True, gc=False):
    at: int
    type: str
    actor: str | None
    event_id: str


class Audit(Struct, frozen=True, gc=False):
    """The last entries of a user or a role, oldest first."""

    entries: tuple[Entry, ...] = ()


class ReportsState(State):
    demand = Table("demand", Demand)  # by resource_id|hour, the begin of the hour in microseconds
    counted = Table("counted", Counted)  # by reservation_id or waitlist_id
    leads = Table("leads", Lead)  # by reservation_id
    downtime = Table("downtime", Downtime)  # by resource_id
    audit = Table("audit", Audit)  # by user_id, or role:<role>

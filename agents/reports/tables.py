"""What reports counts and keeps."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct, field

from agents.state import State, Table
from agents.windows import Counted, Remembered, Watermark, Window

MINUTE = 60_000_000  # microseconds
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Demand(Window, frozen=True, gc=False):
    """One resource in one hour of event time. Minutes are whole; a mean is a sum by its count."""

    LIFE: ClassVar[tuple[str, ...]] = (*Window.LIFE, "peaks")

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
    category: str = ""  # as those who asked in this hour said; empty where nobody did
    served: int = 0  # of the places in a queue joined in this hour: those whose offer was taken: its reservation confirmed
    leads: int = 0
    lead_minutes: int = 0  # from asking to the begin, of those that asked before it
    approvals: int = 0
    approval_minutes: int = 0  # from request to decision, of the decisions that people made in this hour
    used_minutes: int = 0  # of the visits that lie in this hour, be it in part
    peaks: tuple[str, ...] = ()  # the rules that saw a peak in it


class Lead(Remembered, frozen=True, gc=False):
    """How long a reservation waited for its decision, whether its visitor came, and which offer it takes (a waitlist_id); of a
    place in a queue, whether its offer was taken. Microseconds of event time.
    """

    requested_at: int | None = None
    decided_at: int | None = None
    outcome: str | None = None
    checked_in_at: int | None = None
    checked_out_at: int | None = None
    no_show_at: int | None = None
    decision_at: int | None = None  # the first that a person made
    offer: str | None = None
    joined_at: int | None = None
    taken: bool = False


class Downtime(Struct, frozen=True, gc=False):
    """What took a resource out of use; by maintenance job: planned slot and state."""

    jobs: dict[str, tuple[int, int, str]] = field(default_factory=dict)  # starts_at, ends_at, state
    status: str = "AVAILABLE"
    deleted: bool = False
    deleted_at: int = 0  # 0 where it is not known: rows of before it was kept
    category_id: str = ""
    name: str = ""


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
    counted = Table("counted", Counted)  # by reservation_id or waitlist_id: each kind at most once
    leads = Table("leads", Lead)  # by reservation_id or waitlist_id
    watermarks = Table("watermarks", Watermark)  # demand, one a partition
    downtime = Table("downtime", Downtime)  # by resource_id
    audit = Table("audit", Audit)  # by user_id, or role:<role>

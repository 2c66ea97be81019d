"""What stockpile knows: approvals, visits, and who may decide."""

from __future__ import annotations

from msgspec import Struct

from agents.grants import Grants, Role
from agents.state import State, Table
from agents.timers import TimerTable


class Approval(Struct, frozen=True, gc=False):
    """`version` is what a decision is compared with: of two that overlap, one wins."""

    approval_id: str
    resource_id: str
    user_id: str
    state: str
    version: int = 1
    automatic: bool = False
    rule: str | None = None
    deadline_at: int | None = None
    decided_by: str | None = None
    decision_id: str | None = None  # the event that decided: seen again, it has not lost against itself


class Visit(Struct, frozen=True, gc=False):
    checked_in_at: int
    checked_out_at: int | None = None


class StockpileState(State):
    approvals = Table("approvals", Approval)  # by reservation_id
    visits = Table("visits", Visit)  # by reservation_id
    permissions = Table("permissions", Grants)  # by user_id
    role_permissions = Table("role_permissions", Role)  # by role
    timers = TimerTable()  # of deadlines

"""Approvals: asked for by rule, decided once, closed when their reservation ends first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

RULES = Path(__file__).resolve().parents[2] / "agents/stockpile/approval_rules.yaml"
MINUTE = 60_000_000
HOUR = 60 * MINUTE


class Approvals:
    """`say` is told of every event that the rules emit: its class and its fields."""

    def __init__(self, say: Callable[..., None]) -> None:
        self.say = say
        self.rows: dict[str, dict[str, Any]] = {}
        self.visits: dict[str, tuple[int, int | None]] = {}
        self._rules: list[dict[str, Any]] = yaml.safe_load(RULES.read_text(encoding="utf-8"))

    def open(self, e: Any, t: int) -> bool:
        """RESERVATION_CREATED; True when it is granted at once."""
        rule = next((rule for rule in self._rules if self._applies(rule, e)), None)
        about = {"approval_id": f"apr-{e.reservation_id}", "resource_id": e.resource_id, "user_id": e.user_id}
        self.rows[e.reservation_id] = row = {
            **about, "state": "GRANTED", "version": 1, "automatic": True, "rule": None, "deadline_at": None, "decided_by": None
        }  # fmt: skip
        if rule is None:
            self.say("ApprovalGranted", reservation_id=e.reservation_id, automatic=True, **about)
            return True
        deadline = t + rule["deadline_hours"] * HOUR
        row.update(state="OPEN", automatic=False, rule=rule["name"], deadline_at=deadline)
        asked = {"rule": rule["name"], "approver_role": rule["approver_role"], "deadline_at": deadline, "version": 1}
        self.say("ApprovalRequested", reservation_id=e.reservation_id, **about, **asked)
        return False

    def decide(self, e: Any, target: str) -> None:
        """A decision of a person or the clock: compare and swap."""
        row = self.rows.get(e.reservation_id)
        if row is None:
            return
        if row["state"] == "OPEN" and row["version"] == e.expected_version:
            row.update(state=target, version=row["version"] + 1, decided_by=getattr(e, "decided_by", None))
        else:
            self._supersede(e.reservation_id, row, e.metadata.event_id)

    def close(self, reservation_id: str, target: str) -> None:
        """The reservation is gone before anybody decided."""
        row = self.rows.get(reservation_id)
        if row is not None and row["state"] == "OPEN":
            row.update(state=target, version=row["version"] + 1)
            self._supersede(reservation_id, row, None)

    def visit(self, e: Any, checked_out_at: int | None) -> None:
        """CHECK_IN_COMPLETED, CHECK_OUT_COMPLETED."""
        self.visits[e.reservation_id] = (e.checked_in_at, checked_out_at)

    def _supersede(self, reservation_id: str, row: dict[str, Any], loser: str | None) -> None:
        about = {"approval_id": row["approval_id"], "reservation_id": reservation_id, "resource_id": row["resource_id"]}
        self.say("ApprovalSuperseded", **about, state=row["state"], superseded_event_id=loser)

    @staticmethod
    def _applies(rule: dict[str, Any], e: Any) -> bool:
        if rule["category_id"] not in ("*", e.category_id):
            return False
        minutes_over, attendees_over = rule.get("minutes_over"), rule.get("attendees_over")
        if minutes_over is not None and e.ends_at - e.starts_at <= minutes_over * MINUTE:
            return False
        return attendees_over is None or e.attendees > attendees_over

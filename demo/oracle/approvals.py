"""Approvals: asked for by rule, decided once, closed when their reservation ends first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

RULES = Path(__file__).resolve().parents[2] / "agents/stockpile/approval_rules.yaml"
MINUTE = 60_000_000


class Approvals:
    def __init__(self, say: Callable[..., None]) -> None:
        self.say = say
        self.rows: dict[str, dict[str, Any]] = {}
        self._rules: list[dict[str, Any]] = yaml.safe_load(RULES.read_text(encoding="utf-8"))

    def open(self, e: Any) -> bool:
        """RESERVATION_CREATED; True when it is granted at once."""
        rule = next((rule for rule in self._rules if self._applies(rule, e)), None)
        row = {"state": "OPEN" if rule else "GRANTED", "version": 1, "automatic": rule is None, "rule": rule and rule["name"]}
        self.rows[e.reservation_id] = row
        if rule:
            self.say("ApprovalRequested", e.reservation_id, rule["name"])
        else:
            self.say("ApprovalGranted", e.reservation_id)
        return rule is None

    def decide(self, e: Any, target: str) -> None:
        """A decision of a person or the clock."""
        row = self.rows.get(e.reservation_id)
        if row is None:
            return
        if row["state"] == "OPEN" and row["version"] == e.expected_version:
            row.update(state=target, version=row["version"] + 1)
        else:
            self.say("ApprovalSuperseded", e.reservation_id, row["state"])

    def close(self, reservation_id: str, target: str) -> None:
        """The reservation is gone before anybody decided."""
        row = self.rows.get(reservation_id)
        if row is not None and row["state"] == "OPEN":
            row.update(state=target, version=row["version"] + 1)
            self.say("ApprovalSuperseded", reservation_id, target)

    @staticmethod
    def _applies(rule: dict[str, Any], e: Any) -> bool:
        if rule["category_id"] not in ("*", e.category_id):
            return False
        minutes_over, attendees_over = rule.get("minutes_over"), rule.get("attendees_over")
        if minutes_over is not None and e.ends_at - e.starts_at <= minutes_over * MINUTE:
            return False
        return attendees_over is None or e.attendees > attendees_over

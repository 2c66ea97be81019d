"""Which reservations a person has to approve: data, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

RULES = Path(__file__).with_name("approval_rules.yaml")
MINUTE = 60_000_000  # microseconds


class RulesError(Exception):
    """The file of approval rules cannot be used; the message says where and why."""


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    category_id: str
    approver_role: str
    deadline_hours: int
    minutes_over: int = 0
    attendees_over: int = 0

    def matches(self, category_id: str, minutes: int, attendees: int) -> bool:
        return self.category_id in {"*", category_id} and minutes > self.minutes_over and attendees > self.attendees_over


@cache
def rules(path: Path = RULES) -> tuple[Rule, ...]:
    """The rules in order. Raises RulesError with the place of the mistake."""
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=tuple[Rule, ...])
    except (OSError, msgspec.MsgspecError) as error:
        raise RulesError(f"{path.name}: {error}. Mend the rule; docs/flows.md says what each field means.") from error


def rule_for(category_id: str, starts_at: int, ends_at: int, attendees: int) -> Rule | None:
    """The first rule that asks for an approval, or None when none is needed. Times are microseconds."""
    minutes = (ends_at - starts_at) // MINUTE
    return next((rule for rule in rules() if rule.matches(category_id, minutes, attendees)), None)

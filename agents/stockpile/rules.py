"""Which reservations a person has to approve: data, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

RULES = Path(__file__).with_name("approval_rules.yaml")
MINUTE = 60_000_000  # microseconds

Word = Annotated[str, Meta(min_length=1)]
Positive = Annotated[int, Meta(gt=0)]
Least = Annotated[int, Meta(ge=0)]


class RulesError(Exception):
    """The file of approval rules cannot be used; the message says where and why."""


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the file. A condition that is left out does not matter."""

    name: Word
    category_id: Word
    approver_role: Word
    deadline_hours: Positive
    minutes_over: Least | None = None
    attendees_over: Least | None = None

    def matches(self, category_id: str, duration: int, attendees: int) -> bool:
        """Whether a reservation of this category, length (microseconds) and size needs an approval by this rule."""
        return (
            self.category_id in {"*", category_id}
            and (self.minutes_over is None or duration > self.minutes_over * MINUTE)
            and (self.attendees_over is None or attendees > self.attendees_over)
        )


@cache
def rules(path: Path = RULES) -> tuple[Rule, ...]:
    """The rules in order, read when first asked for. Raises RulesError with the place of the mistake."""
    try:
        found = msgspec.yaml.decode(path.read_bytes(), type=tuple[Rule, ...])
    except (OSError, msgspec.MsgspecError) as error:
        raise RulesError(f"{path.name}: {error}. Mend the rule; docs/flows.md says what each field means.") from error
    names = [rule.name for rule in found]
    if len(set(names)) < len(names):
        raise RulesError(f"{path.name}: two rules have one name: {', '.join(sorted({n for n in names if names.count(n) > 1}))}.")
    return found


def rule_for(category_id: str, starts_at: int, ends_at: int, attendees: int) -> Rule | None:
    """The first rule that asks for an approval, or None when none is needed. Times are microseconds."""
    return next((rule for rule in rules() if rule.matches(category_id, ends_at - starts_at, attendees)), None)

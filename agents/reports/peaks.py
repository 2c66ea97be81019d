"""What a peak of demand is: data, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

RULES = Path(__file__).with_name("peak_rules.yaml")
WEEK = 7 * 24 * 3_600_000_000  # microseconds


class PeakRulesError(Exception):
    """The file of peak rules cannot be used; the message says where and why."""


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the file."""

    name: Annotated[str, Meta(min_length=1)]
    category_id: Annotated[str, Meta(min_length=1)]
    asked_at_least: Annotated[int, Meta(gt=0)]
    times_usual: Annotated[float, Meta(ge=0)]
    weeks: Annotated[int, Meta(gt=0, le=12)]

    def concerns(self, category_id: str) -> bool:
        """Whether it is about resources of this category."""
        return self.category_id in {"*", category_id}

    def threshold(self, before: Sequence[int]) -> float:
        """How many make a peak, when so many were asked for in the same hour of the weeks before."""
        return max(float(self.asked_at_least), self.times_usual * sum(before) / len(before))


@cache
def rules(path: Path = RULES) -> tuple[Rule, ...]:
    """The rules in order, read when first asked for. Raises PeakRulesError with the place of the mistake."""
    try:
        found = msgspec.yaml.decode(path.read_bytes(), type=tuple[Rule, ...])
    except (OSError, msgspec.MsgspecError) as error:
        raise PeakRulesError(f"{path.name}: {error}. Mend the rule; its first lines say what each field means.") from error
    names = [rule.name for rule in found]
    if len(set(names)) < len(names):
        raise PeakRulesError(
            f"{path.name}: two rules have one name: {', '.join(sorted({n for n in names if names.count(n) > 1}))}."
        )
    return found

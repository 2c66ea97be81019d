"""The figures of demand: sums that add up over any hours and resources, and what follows from them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ROWS: Final = {  # our name of a sum, and the name in a row of the table `demand`
    "asked": "asked",
    "granted": "confirmed",
    "refused": "refused",
    "cancelled": "cancelled",
    "expired": "expired",
    "no_show": "no_show",
    "used": "used",
    "waitlisted": "waitlisted",
    "offered": "offered",
    "served": "served",
    "used_minutes": "used_minutes",
    "leads": "leads",
    "lead_minutes": "lead_minutes",
    "approvals": "approvals",
    "approval_minutes": "approval_minutes",
}
FIGURES: Final = (
    *("asked", "granted", "refused", "cancelled", "expired", "no_show", "used", "waitlisted", "offered", "served", "unmet"),
    *("used_minutes", "bookable_minutes", "utilisation", "lead_hours", "approval_hours"),
)


class Figures:
    """Of one group. `bookable_minutes`: when it could have been booked; `used_then`: minutes of use that lie in these."""

    __slots__ = ("bookable_minutes", "refused_by", "sums", "used_then")

    def __init__(self) -> None:
        self.sums: Counter[str] = Counter()
        self.refused_by: Counter[str] = Counter()
        self.bookable_minutes = self.used_then = 0

    def add(self, row: Mapping[str, Any], *, free: int) -> None:
        """One hour of one resource; `free`: for how many minutes of it it could have been booked. A row of before a figure was
        counted has none of it.
        """
        for name, field in ROWS.items():
            if found := row.get(field, 0):
                self.sums[name] += found
        self.refused_by.update(row.get("refused_by", {}))
        self.used_then += min(row.get("used_minutes", 0), free)

    def merge(self, other: Figures) -> None:
        self.sums.update(other.sums)
        self.refused_by.update(other.refused_by)
        self.bookable_minutes += other.bookable_minutes
        self.used_then += other.used_then

    @property
    def unmet(self) -> int:
        """Refusals, and places in a queue that came to nothing. Of one person there may be both."""
        return self.sums["refused"] + self.sums["waitlisted"] - self.sums["served"]

    @property
    def utilisation(self) -> float | None:
        """Of the time in which it could have been booked the part that was used, 0 to 1; None where it could not."""
        return round(self.used_then / self.bookable_minutes, 4) if self.bookable_minutes else None

    def told(self) -> dict[str, Any]:
        """All of FIGURES, and the reasons of refusals. Hours on average; None where there is nothing to average."""
        sums = self.sums
        return {
            **{name: sums[name] for name in ROWS if name in FIGURES},
            "unmet": self.unmet,
            "bookable_minutes": self.bookable_minutes,
            "utilisation": self.utilisation,
            "lead_hours": _hours(sums["lead_minutes"], sums["leads"]),
            "approval_hours": _hours(sums["approval_minutes"], sums["approvals"]),
            "refused_by": dict(sorted(self.refused_by.items())),
        }


def _hours(minutes: int, many: int) -> float | None:
    return round(minutes / many / 60, 2) if many else None

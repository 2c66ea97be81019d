"""Who holds which slot of a resource: reservations, offers and maintenance, in one list each."""

from __future__ import annotations

from typing import NamedTuple

DAY = 86_400_000_000


class Hold(NamedTuple):
    start: int
    end: int
    kind: str
    holder: str
    user: str | None


class Calendars(dict[str, list[Hold]]):
    """The holds of every resource, in no order."""

    def collisions(self, resource: str, start: int, end: int, t: int) -> list[Hold]:
        """Who holds a part of [start, end), earliest first."""
        held = sorted(self.get(resource, []), key=lambda hold: (hold.start, hold.end, hold.kind, hold.holder))
        return [hold for hold in held if hold.start < end and start < hold.end and not is_long_past(hold.kind, hold.end, t)]

    def hold(self, resource: str, hold: Hold) -> None:
        self.setdefault(resource, []).append(hold)

    def let_go(self, resource: str, kind: str, holder: str | None, user: str | None = None) -> bool:
        """End a hold; of this user alone, where one is given. False where there was none."""
        held = self.get(resource, [])
        self[resource] = [hold for hold in held if (hold.kind, hold.holder) != (kind, holder) or user not in (None, hold.user)]
        return len(self[resource]) < len(held)


def is_long_past(kind: str, end: int, t: int) -> bool:
    """Whether a slot stands in nobody's way any more; its calendar may have been pruned of it: when, is up to the group."""
    return kind == "RESERVATION" and end <= t - DAY

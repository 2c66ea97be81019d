"""The calendar of a resource: pure questions and changes on a sorted tuple of slots."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING

from agents.availability.tables import AvailabilityState, Calendar, Slot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DAY = 24 * 3_600_000_000  # microseconds


def calendar(state: AvailabilityState, resource_id: str) -> tuple[Slot, ...]:
    found = state.calendars.get(resource_id)
    return () if found is None else found.slots


def long_past(slot: Slot, now: int) -> bool:
    """A reservation that ended a day ago stands in nobody's way. Offers and blocks end by an event, never by time."""
    return slot.kind == "RESERVATION" and slot.ends_at <= now - DAY


def overlapping(slots: tuple[Slot, ...], starts_at: int, ends_at: int, now: int) -> Iterator[Slot]:
    """The slots that share a moment with [starts_at, ends_at), in order. Touching is no overlap; what is long past is no slot."""
    end = bisect_left(slots, ends_at, key=lambda slot: slot.starts_at)
    return (slot for slot in slots[:end] if starts_at < slot.ends_at and not long_past(slot, now))


def hold(state: AvailabilityState, resource_id: str, slot: Slot, now: int) -> None:
    """Put a slot into the calendar."""
    slots = list(calendar(state, resource_id))
    insort(slots, slot)
    write(state, resource_id, slots, now)


def release(state: AvailabilityState, resource_id: str, kind: str, holder: str, now: int) -> bool:
    """Take a holder's slot out of the calendar; False when it holds none."""
    slots = calendar(state, resource_id)
    left = [slot for slot in slots if (slot.kind, slot.holder) != (kind, holder)]
    if len(left) == len(slots):
        return False
    write(state, resource_id, left, now)
    return True


def write(state: AvailabilityState, resource_id: str, slots: Sequence[Slot], now: int) -> None:
    """Keep the calendar bounded: what is long past is pruned, which changes no answer, for `overlapping` ignores it anyway.

    Past is what this change and the one before it agree on: one event that claims to be of next year must not take away what
    others hold tomorrow.
    """
    before = state.calendars.get(resource_id)
    agreed = min(now, before.at) if before is not None else 0
    kept = tuple(slot for slot in slots if not long_past(slot, agreed))
    if kept:
        state.calendars[resource_id] = Calendar(kept, now)
    else:
        del state.calendars[resource_id]

"""The calendar of a resource: pure questions and changes on a sorted tuple of slots."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING

from agents.availability.tables import AvailabilityState, Calendar, Slot

if TYPE_CHECKING:
    from collections.abc import Iterator

PRUNED_AFTER = 24 * 3_600_000_000  # microseconds: a slot that ended a day before the event at hand can collide with nothing new


def calendar(state: AvailabilityState, resource_id: str) -> tuple[Slot, ...]:
    found = state.calendars.get(resource_id)
    return () if found is None else found.slots


def overlapping(slots: tuple[Slot, ...], starts_at: int, ends_at: int) -> Iterator[Slot]:
    """The slots that share a moment with [starts_at, ends_at), in order. Touching is no overlap."""
    end = bisect_left(slots, ends_at, key=lambda slot: slot.starts_at)
    return (slot for slot in slots[:end] if starts_at < slot.ends_at)


def hold(state: AvailabilityState, resource_id: str, slot: Slot, now: int) -> None:
    """Put a slot into the calendar, and prune what is long past."""
    slots = [kept for kept in calendar(state, resource_id) if kept.ends_at > now - PRUNED_AFTER]
    insort(slots, slot)
    state.calendars[resource_id] = Calendar(tuple(slots))


def release(state: AvailabilityState, resource_id: str, kind: str, holder: str) -> bool:
    """Take a holder's slot out of the calendar; False when it holds none."""
    slots = calendar(state, resource_id)
    left = tuple(slot for slot in slots if (slot.kind, slot.holder) != (kind, holder))
    if len(left) == len(slots):
        return False
    if left:
        state.calendars[resource_id] = Calendar(left)
    else:
        del state.calendars[resource_id]
    return True

"""The queue of a resource: whoever waits is offered the first slot that fits, in order of joining."""

from __future__ import annotations

from agents.availability.deadlines import OFFER, await_answer
from agents.availability.notifications import notify
from agents.availability.slots import calendar, hold, overlapping, release
from agents.availability.tables import AvailabilityState, Queue, Seen, Slot, Waiting
from agents.timers import Timer, happen
from bookly.records.availability import WaitlistJoined, WaitlistOffered, WaitlistOfferExpired

OFFER_HOLDS = 30 * 60_000_000  # microseconds


def join_waitlist(event: WaitlistJoined, state: AvailabilityState) -> None:
    """A place at the end of the queue; a resource that is gone has no queue."""
    if event.waitlist_id in state.queued:
        state.repeat()
        return
    state.queued[event.waitlist_id] = Seen(event.resource_id)
    resource = state.resources.get(event.resource_id)
    if resource is None or resource.deleted:
        notify(state, "WAITLIST_CLOSED", event.resource_id, event.user_id, waitlist_id=event.waitlist_id)
        return
    entries = state.queues.get(event.resource_id, Queue()).entries
    state.queues[event.resource_id] = Queue((*entries, Waiting(event.waitlist_id, event.user_id, event.starts_at, event.ends_at)))
    offer_free_slots(event.resource_id, event.metadata.occurred_at, state)


def expire_offer(event: WaitlistOfferExpired, state: AvailabilityState) -> None:
    """The slot goes to the next in the queue."""
    if not release(state, event.resource_id, "OFFER", event.waitlist_id, event.metadata.occurred_at):
        state.repeat()
        return
    state.timers.cancel(OFFER, event.waitlist_id)
    offer_free_slots(event.resource_id, event.metadata.occurred_at, state)


def let_offer_run_out(timer: Timer, state: AvailabilityState) -> None:
    """Nobody has taken the offer: as if its user had said no."""
    for slot in calendar(state, timer.key):
        if (slot.kind, slot.holder) == ("OFFER", timer.subject):
            ran_out = WaitlistOfferExpired(timer.subject, timer.key, slot.user_id or "")
            expire_offer(happen(timer, ran_out, state), state)


def offer_free_slots(resource_id: str, now: int, state: AvailabilityState) -> None:
    """Drop who waits for the past; offer each other one whose slot is free, in order. An offer holds its slot."""
    entries = state.queues.get(resource_id, Queue()).entries
    if not entries:
        return
    left = []
    for entry in entries:
        if entry.starts_at <= now:
            continue
        if any(overlapping(calendar(state, resource_id), entry.starts_at, entry.ends_at, now)):
            left.append(entry)
        else:
            _offer(resource_id, entry, now, state)
    if len(left) < len(entries):
        _keep(resource_id, tuple(left), state)


def close_queue(resource_id: str, state: AvailabilityState) -> None:
    """Nobody waits for a resource that is gone; each is told, in order."""
    for entry in state.queues.get(resource_id, Queue()).entries:
        notify(state, "WAITLIST_CLOSED", resource_id, entry.user_id, waitlist_id=entry.waitlist_id)
    if resource_id in state.queues:
        del state.queues[resource_id]


def _offer(resource_id: str, entry: Waiting, now: int, state: AvailabilityState) -> None:
    hold(state, resource_id, Slot(entry.starts_at, entry.ends_at, "OFFER", entry.waitlist_id, entry.user_id), now)
    state.emit(
        WaitlistOffered(
            waitlist_id=entry.waitlist_id,
            resource_id=resource_id,
            user_id=entry.user_id,
            starts_at=entry.starts_at,
            ends_at=entry.ends_at,
            expires_at=now + OFFER_HOLDS,
        )
    )
    await_answer(entry.waitlist_id, resource_id, now + OFFER_HOLDS, state)
    notify(state, "WAITLIST_OFFERED", resource_id, entry.user_id, waitlist_id=entry.waitlist_id)


def _keep(resource_id: str, entries: tuple[Waiting, ...], state: AvailabilityState) -> None:
    if entries:
        state.queues[resource_id] = Queue(entries)
    else:
        del state.queues[resource_id]

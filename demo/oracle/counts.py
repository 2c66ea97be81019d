"""Usage, demand and downtime: what is counted, and at most once."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

HOUR = 3_600_000_000
MINUTE = 60_000_000
KINDS = {
    "ReservationCreated": "asked",
    "ReservationConfirmed": "confirmed",
    "ReservationRejected": "refused",
    "ReservationCancelled": "cancelled",
    "ReservationExpired": "expired",
    "ReservationNoShow": "no_show",
    "WaitlistJoined": "waitlisted",
    "WaitlistOffered": "offered",
    "ScheduleConflictDetected": "conflicts",
    "CheckOutCompleted": "used",
}
RELEASING = {"ReservationRejected", "ReservationCancelled", "ReservationExpired", "ReservationNoShow"}


class Counts:
    def __init__(self) -> None:
        self.demand: Counter[tuple[str, int, str]] = Counter()
        self.usage: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.jobs: dict[str, dict[str, tuple[int, int, str]]] = {}
        self._once: set[tuple[str, ...]] = set()
        self._joined: dict[str, tuple[str, int]] = {}  # by waitlist_id: resource and hour
        self._wanted: dict[str, str] = {}  # the offer by the reservation that asks for it
        self._requested: dict[str, int] = {}

    def see(self, name: str, entity: str, resource: str, t: int, reason: str | None = None) -> None:
        """An event about a reservation or a place in a queue, whoever published it."""
        kind = KINDS.get(name)
        if kind and self._first(kind, entity):
            self.demand[resource, t - t % HOUR, kind] += 1
            if kind == "refused":
                self.demand[resource, t - t % HOUR, f"refused {reason}"] += 1
        if name == "ReservationCreated" and self._first("usage", entity):
            self.usage[resource].update(reserved=1, created_total=1)
        elif name in RELEASING and ("usage", entity) in self._once and self._first("released", entity):
            self.usage[resource]["reserved"] -= 1

    def asked(self, e: Any, t: int) -> None:
        """RESERVATION_CREATED: how long ahead, of which category, and whether it takes an offer."""
        if not self._first("asked ahead", e.reservation_id):
            return
        hour = t - t % HOUR
        for key in [key for key in self.demand if key[:2] == (e.resource_id, hour) and key[2].startswith("category ")]:
            del self.demand[key]
        self.demand[e.resource_id, hour, f"category {e.category_id}"] = 1
        if e.starts_at >= t:
            self._add(e.resource_id, hour, leads=1, lead_minutes=(e.starts_at - t) // MINUTE)
        if e.waitlist_id is not None:
            self._wanted[e.reservation_id] = e.waitlist_id

    def joined(self, e: Any, t: int) -> None:
        """WAITLIST_JOINED."""
        self._joined.setdefault(e.waitlist_id, (e.resource_id, t - t % HOUR))

    def served(self) -> Counter[tuple[str, int]]:
        """By resource and hour of joining: places in a queue that became a confirmed reservation by the end."""
        confirmed = {offer for reservation, offer in self._wanted.items() if ("confirmed", reservation) in self._once}
        return Counter(self._joined[offer] for offer in confirmed & self._joined.keys())

    def requested(self, reservation_id: str, t: int) -> None:
        """APPROVAL_REQUESTED."""
        self._requested.setdefault(reservation_id, t)

    def decided(self, e: Any, t: int) -> None:
        """APPROVAL_GRANTED or APPROVAL_REJECTED by a person: the first counts. Nobody decides on what was not requested."""
        if e.reservation_id in self._requested and self._first("decided", e.reservation_id):
            self._add(
                e.resource_id, t - t % HOUR, approvals=1, approval_minutes=(t - self._requested[e.reservation_id]) // MINUTE
            )

    def visit(self, e: Any) -> None:
        """CHECK_OUT_COMPLETED. A minute is used in the hour in which it ends."""
        if self._first("visited", e.reservation_id):
            minutes = (e.checked_out_at - e.checked_in_at) // MINUTE
            self.usage[e.resource_id].update(check_outs=1, used_minutes=minutes)
            for number in range(1, minutes + 1):
                last = e.checked_in_at + number * MINUTE - 1
                self._add(e.resource_id, last - last % HOUR, used_minutes=1)

    def job(self, resource: str, job: str, state: str, slot: tuple[int, int] | None = None) -> None:
        """Maintenance planned (with its slot), or advanced."""
        jobs = self.jobs.setdefault(resource, {})
        if slot is not None:
            jobs.setdefault(job, (*slot, state))
        elif job in jobs:
            jobs[job] = (*jobs[job][:2], state)

    def _add(self, resource: str, hour: int, **kinds: int) -> None:
        for kind, count in kinds.items():
            if count:
                self.demand[resource, hour, kind] += count

    def _first(self, *what: str) -> bool:
        fresh = what not in self._once
        self._once.add(what)
        return fresh

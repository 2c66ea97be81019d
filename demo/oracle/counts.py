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

    def visit(self, e: Any) -> None:
        """CHECK_OUT_COMPLETED."""
        if self._first("visited", e.reservation_id):
            self.usage[e.resource_id].update(check_outs=1, used_minutes=(e.checked_out_at - e.checked_in_at) // MINUTE)

    def job(self, resource: str, job: str, state: str, slot: tuple[int, int] | None = None) -> None:
        """Maintenance planned (with its slot), or advanced."""
        jobs = self.jobs.setdefault(resource, {})
        if slot is not None:
            jobs.setdefault(job, (*slot, state))
        elif job in jobs:
            jobs[job] = (*jobs[job][:2], state)

    def _first(self, *what: str) -> bool:
        fresh = what not in self._once
        self._once.add(what)
        return fresh

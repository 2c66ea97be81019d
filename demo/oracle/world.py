"""Reservations, calendars and queues, as docs/flows.md has them: the rules in plain dictionaries and loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.oracle.calendars import Calendars, Hold

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE = 60_000_000
ACTIVE = {"PENDING", "CONFIRMED"}


class World:
    """`say` is told of every event that the rules emit: its class and its fields."""

    def __init__(self, say: Callable[..., None]) -> None:
        self.say = say
        self.resources: dict[str, dict[str, Any]] = {}
        self.reservations: dict[str, dict[str, Any]] = {}
        self.holds = Calendars()
        self.queues: dict[str, list[tuple[str, str, int, int]]] = {}
        self.queued: set[str] = set()
        self.jobs: set[str] = set()
        self.early: dict[str, str] = {}  # decisions that came before their reservation

    def ask(self, e: Any, t: int) -> bool:
        """RESERVATION_CREATED; False when it is a repeat."""
        if e.reservation_id in self.reservations:
            return False
        early = self.early.pop(e.reservation_id, None)
        reason, conflict = self.refusal(e, t, ("OFFER", e.waitlist_id), e.user_id)
        row = {"resource": e.resource_id, "user": e.user_id, "start": e.starts_at, "end": e.ends_at, "attendees": e.attendees}
        self.reservations[e.reservation_id] = {**row, "state": "REJECTED" if reason else "PENDING", "reason": reason}
        if reason:
            self._say("ReservationRejected", e.reservation_id, reason=reason)
            if reason == "CONFLICT" and conflict:
                self._collide(e.reservation_id, conflict.holder, conflict.kind, e.starts_at, e.ends_at)
            self.tell("RESERVATION_REJECTED", e.resource_id, e.user_id, e.reservation_id, None)
            return True
        taken = self.holds.let_go(e.resource_id, "OFFER", e.waitlist_id, user=e.user_id)
        self.holds.hold(e.resource_id, Hold(e.starts_at, e.ends_at, "RESERVATION", e.reservation_id, e.user_id))
        if early:
            self.decide(e.reservation_id, early, t)
        if taken:
            self.look(e.resource_id, t)
        return True

    def refusal(self, e: Any, t: int, own: tuple[str, str | None], user: str) -> tuple[str | None, Hold | None]:
        resource = self.resources.get(e.resource_id)
        if resource is None:
            return "UNKNOWN_RESOURCE", None
        if resource["deleted"]:
            return "RESOURCE_DELETED", None
        if resource["status"] == "OUT_OF_SERVICE":
            return "RESOURCE_UNAVAILABLE", None
        length = e.ends_at - e.starts_at
        if length <= 0 or length > resource["max_minutes"] * MINUTE or e.attendees > resource["capacity"]:
            return "RULE_VIOLATED", None
        colliding = self.holds.collisions(e.resource_id, e.starts_at, e.ends_at, t)
        in_the_way = [hold for hold in colliding if (hold.kind, hold.holder, hold.user) != (*own, user)]
        for hold in in_the_way:
            if hold.kind == "MAINTENANCE":
                return "MAINTENANCE", hold
        return ("CONFLICT", in_the_way[0]) if in_the_way else (None, None)

    def decide(self, reservation_id: str, target: str, t: int, *, automatic: bool = False) -> None:
        """An approval granted (CONFIRMED), rejected or expired."""
        row = self.reservations.get(reservation_id)
        if row is None:
            self.early.setdefault(reservation_id, target)
        if row is None or row["state"] != "PENDING":
            return
        row["state"] = target
        if target == "CONFIRMED":
            self._say("ReservationConfirmed", reservation_id, approval_id=f"apr-{reservation_id}", automatic=automatic)
        elif target == "REJECTED":
            row["reason"] = "NOT_APPROVED"
            self._say("ReservationRejected", reservation_id, reason="NOT_APPROVED")
        else:
            self._say("ReservationExpired", reservation_id)
        self.tell(f"RESERVATION_{target}", row["resource"], row["user"], reservation_id, None)
        if target != "CONFIRMED":
            self.holds.let_go(row["resource"], "RESERVATION", reservation_id)
            self.look(row["resource"], t)

    def end(self, reservation_id: str, sources: set[str], target: str, t: int, reason: str | None = None) -> None:
        """Cancelled, missed, checked in or out."""
        row = self.reservations.get(reservation_id)
        if row is None or row["state"] not in sources:
            return
        row.update(state=target, reason=reason)
        if target != "CHECKED_IN":
            self.holds.let_go(row["resource"], "RESERVATION", reservation_id)
            self.look(row["resource"], t)

    def move(self, e: Any, t: int) -> None:
        row = self.reservations.get(e.reservation_id)
        wanted = (e.starts_at, e.ends_at, e.attendees)
        if row is None or row["state"] not in ACTIVE or wanted == (row["start"], row["end"], row["attendees"]):
            return
        reason, conflict = self.refusal(e, t, ("RESERVATION", e.reservation_id), row["user"])
        if reason:
            holder, kind = (conflict.holder, conflict.kind) if conflict else (e.resource_id, "RULE")
            self._collide(e.reservation_id, holder, kind, e.starts_at, e.ends_at)
            self.tell("RESERVATION_CONFLICT", e.resource_id, row["user"], e.reservation_id, None)
            return
        self.holds.let_go(e.resource_id, "RESERVATION", e.reservation_id)
        self.holds.hold(e.resource_id, Hold(e.starts_at, e.ends_at, "RESERVATION", e.reservation_id, row["user"]))
        row.update(start=e.starts_at, end=e.ends_at, attendees=e.attendees)
        self.look(e.resource_id, t)

    def join(self, e: Any, t: int) -> None:
        if e.waitlist_id in self.queued:
            return
        self.queued.add(e.waitlist_id)
        resource = self.resources.get(e.resource_id)
        if resource is None or resource["deleted"]:
            self.tell("WAITLIST_CLOSED", e.resource_id, e.user_id, None, e.waitlist_id)
            return
        self.queues.setdefault(e.resource_id, []).append((e.waitlist_id, e.user_id, e.starts_at, e.ends_at))
        self.look(e.resource_id, t)

    def offer_ran_out(self, e: Any, t: int) -> None:
        if self.holds.let_go(e.resource_id, "OFFER", e.waitlist_id):
            self.look(e.resource_id, t)

    def look(self, resource: str, t: int) -> None:
        """At the waitlist."""
        queue = [entry for entry in self.queues.get(resource, []) if entry[2] > t]
        for entry in list(queue):
            waitlist_id, user, start, end = entry
            if not self.holds.collisions(resource, start, end, t):
                queue.remove(entry)
                self.holds.hold(resource, Hold(start, end, "OFFER", waitlist_id, user))
                about = {"waitlist_id": waitlist_id, "resource_id": resource, "user_id": user, "starts_at": start, "ends_at": end}
                self.say("WaitlistOffered", **about, expires_at=t + 30 * MINUTE)
                self.tell("WAITLIST_OFFERED", resource, user, None, waitlist_id)
        self.queues[resource] = queue

    def block(self, e: Any, t: int) -> None:
        if e.maintenance_id in self.jobs:
            return
        self.jobs.add(e.maintenance_id)
        about = {"block_id": e.maintenance_id, "resource_id": e.resource_id}
        self.say("ScheduleBlocked", **about, starts_at=e.starts_at, ends_at=e.ends_at)
        for hold in self.holds.collisions(e.resource_id, e.starts_at, e.ends_at, t):
            if hold.kind == "RESERVATION":
                self._collide(hold.holder, e.maintenance_id, "MAINTENANCE", e.starts_at, e.ends_at)
                self.tell("MAINTENANCE_CONFLICT", e.resource_id, hold.user, hold.holder, None)
        self.holds.hold(e.resource_id, Hold(e.starts_at, e.ends_at, "MAINTENANCE", e.maintenance_id, None))

    def unblock(self, e: Any, t: int) -> None:
        if self.holds.let_go(e.resource_id, "MAINTENANCE", e.maintenance_id):
            self.say("ScheduleUnblocked", block_id=e.maintenance_id, resource_id=e.resource_id)
            self.look(e.resource_id, t)

    def delete(self, e: Any, t: int) -> list[str]:
        """RESOURCE_DELETED; the reservations that it cancels."""
        resource = self.resources.get(e.resource_id)
        if resource is None or resource["deleted"]:
            return []
        resource["deleted"] = True
        cancelled = []
        for reservation_id, row in sorted(self.reservations.items(), key=lambda item: (item[1]["start"], item[0])):
            if row["resource"] == e.resource_id and row["state"] in ACTIVE and row["start"] > t:
                row.update(state="CANCELLED", reason="RESOURCE_DELETED")
                cancelled.append(reservation_id)
                self._say("ReservationCancelled", reservation_id, reason="RESOURCE_DELETED")
                self.tell("RESERVATION_CANCELLED", e.resource_id, row["user"], reservation_id, None)
        kept = [h for h in self.holds.get(e.resource_id, []) if h.kind == "RESERVATION" and h.holder not in cancelled]
        self.holds[e.resource_id] = kept
        for waitlist_id, user, _, _ in self.queues.pop(e.resource_id, []):
            self.tell("WAITLIST_CLOSED", e.resource_id, user, None, waitlist_id)
        return cancelled

    def tell(self, template: str, resource: str, user: str | None, reservation: str | None, waitlist: str | None) -> None:
        about = {"reservation_id": reservation, "waitlist_id": waitlist}
        self.say("NotificationRequested", template=template, resource_id=resource, user_id=user, **about)

    def _say(self, name: str, reservation_id: str, **fields: Any) -> None:
        row = self.reservations[reservation_id]
        about = {"reservation_id": reservation_id, "resource_id": row["resource"], "user_id": row["user"]}
        self.say(name, **about, **{"starts_at": row["start"], "ends_at": row["end"], **fields})

    def _collide(self, reservation_id: str, holder: str, kind: str, start: int, end: int) -> None:
        fields = {"conflicting_id": holder, "conflicting_kind": kind, "starts_at": start, "ends_at": end}
        self._say("ScheduleConflictDetected", reservation_id, **fields)

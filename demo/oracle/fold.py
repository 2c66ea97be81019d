"""The log, folded: the facts from outside in the order in which they became true, each followed to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.oracle.approvals import Approvals
from demo.oracle.catalogue import FIELDS, Catalogue, created
from demo.oracle.counts import Counts
from demo.oracle.facts import Facts, emitted, flow_of, is_from_outside, no_facts
from demo.oracle.people import People
from demo.oracle.rows import expected_rows
from demo.oracle.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bookly.records import Record

DECISIONS = {"ApprovalGranted": "CONFIRMED", "ApprovalRejected": "REJECTED", "ApprovalExpired": "EXPIRED"}
ENDS = {  # what people and the clock do to a reservation: from which states, to which
    "ReservationCancelled": ({"PENDING", "CONFIRMED"}, "CANCELLED"),
    "ReservationExpired": ({"PENDING"}, "EXPIRED"),
    "ReservationNoShow": ({"CONFIRMED"}, "NO_SHOW"),
    "CheckInCompleted": ({"CONFIRMED"}, "CHECKED_IN"),
    "CheckOutCompleted": ({"CHECKED_IN"}, "COMPLETED"),
}
STATES = {"MaintenanceStarted": "STARTED", "MaintenanceCompleted": "COMPLETED", "MaintenanceCancelled": "CANCELLED"}


class Oracle:
    """`expect` folds a log and gives the facts that must be found."""

    def __init__(self) -> None:
        self.facts = no_facts()
        self.world, self.approvals = World(self._say), Approvals(self._say)
        self.counts, self.people, self.catalogue = Counts(), People(), Catalogue()
        self.t = 0
        self._root: Record

    def expect(self, events: Iterable[Record]) -> Facts:
        """`events` in the order of topic, partition and offset: it decides between facts of one moment."""
        outside = [event for event in events if is_from_outside(event)]
        for event in sorted(outside, key=lambda event: event.metadata.occurred_at):
            self._root, self.t = event, event.metadata.occurred_at
            self._follow(type(event).__name__, event, self.t)
        for flow, fact in expected_rows(self):
            self.facts[flow][fact] += 1
        return self.facts

    def _follow(self, name: str, e: Any, t: int) -> None:
        domain = e.TYPE.partition(".")[0]
        if domain == "auth":
            self.people.see(name, e)
        elif domain == "resources":
            self.catalogue.see(name, e)
            self._resource(name, e, t)
        elif name.startswith("Waitlist"):
            self.counts.see(name, e.waitlist_id, e.resource_id, t)
            if name == "WaitlistJoined":
                self.counts.joined(e, t)
            self._waitlist(name, e, t)
        else:
            self.counts.see(name, e.reservation_id, e.resource_id, t)
            self._reservation(name, e, t)

    def _reservation(self, name: str, e: Any, t: int) -> None:
        if name == "ReservationCreated":
            self.counts.asked(e, t)
            self._created(e, t)
        elif name == "ReservationUpdated":
            self.world.move(e, t)
        elif name in DECISIONS:
            if name != "ApprovalExpired":
                self.counts.decided(e, t)
            self.world.decide(e.reservation_id, DECISIONS[name], t)
            self.approvals.decide(e, {"CONFIRMED": "GRANTED"}.get(DECISIONS[name], DECISIONS[name]))
        elif name in ENDS:
            sources, target = ENDS[name]
            self.world.end(e.reservation_id, sources, target, t, e.reason if target == "CANCELLED" else None)
            if target in {"CANCELLED", "EXPIRED"}:
                self.approvals.close(e.reservation_id, "WITHDRAWN")
            elif name.startswith("Check"):
                self._visit(name, e)

    def _visit(self, name: str, e: Any) -> None:
        self.catalogue.visit(name, e)
        out = name == "CheckOutCompleted"
        self.approvals.visit(e, e.checked_out_at if out else None)
        if out:
            self.counts.visit(e)

    def _created(self, e: Any, t: int) -> None:
        if not self.world.ask(e, t):
            return
        if self.approvals.open(e, t):
            self.world.decide(e.reservation_id, "CONFIRMED", t, automatic=True)
        elif self.world.reservations[e.reservation_id]["state"] == "REJECTED":
            self.approvals.close(e.reservation_id, "SUPERSEDED")

    def _waitlist(self, name: str, e: Any, t: int) -> None:
        if name == "WaitlistJoined":
            self.world.join(e, t)
        else:
            self.world.offer_ran_out(e, t)

    def _resource(self, name: str, e: Any, t: int) -> None:
        if name == "ResourceCreated":
            self.world.resources.setdefault(e.resource_id, created(e))
        elif name == "ResourceDeleted":
            for reservation_id in self.world.delete(e, t):
                self.approvals.close(reservation_id, "WITHDRAWN")
        elif name == "MaintenanceScheduled":
            self.world.block(e, t)
            self.counts.job(e.resource_id, e.maintenance_id, "SCHEDULED", (e.starts_at, e.ends_at))
        elif name in STATES:
            self.counts.job(e.resource_id, e.maintenance_id, STATES[name])
            if name != "MaintenanceStarted":
                self.world.unblock(e, t)
        elif name.startswith("Resource") and (row := self.world.resources.get(e.resource_id)) and not row["deleted"]:
            changed = ("status",) if name == "ResourceStatusChanged" else FIELDS
            row.update({field: getattr(e, field) for field in changed})

    def _say(self, name: str, **fields: Any) -> None:
        """An event that the agents must emit: a fact of the flow at hand, and counted like any other."""
        meta = self._root.metadata
        if name == "ApprovalRequested":
            self.counts.requested(fields["reservation_id"], self.t)
        fact = emitted(self._root, name, self.t, meta.correlation_id, meta.actor, fields)
        self.facts[flow_of(meta.type)][fact] += 1
        entity = fields.get("waitlist_id") if name == "WaitlistOffered" else fields.get("reservation_id")
        self.counts.see(name, str(entity), fields.get("resource_id", ""), self.t, fields.get("reason"))

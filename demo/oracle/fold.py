"""The log, folded: the facts from outside in the order in which they became true, each followed to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.oracle.approvals import Approvals
from demo.oracle.counts import Counts
from demo.oracle.facts import Facts, flow_of, no_facts
from demo.oracle.people import People
from demo.oracle.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bookly.records import Record

DECISIONS = {"ApprovalGranted": "CONFIRMED", "ApprovalRejected": "REJECTED", "ApprovalExpired": "EXPIRED"}
STATES = {"MaintenanceStarted": "STARTED", "MaintenanceCompleted": "COMPLETED", "MaintenanceCancelled": "CANCELLED"}


class Oracle:
    """`expect` folds a log and gives the facts that must be found."""

    def __init__(self) -> None:
        self.facts = no_facts()
        self.world, self.approvals, self.counts, self.people = World(self._say), Approvals(self._say), Counts(), People()
        self.status: dict[str, dict[str, Any]] = {}  # resources as the resources group sees them
        self._visited: set[tuple[str, str]] = set()
        self._flow, self._t = "", 0

    def expect(self, events: Iterable[Record]) -> Facts:
        outside = [event for event in events if event.metadata.causation_id is None]
        for event in sorted(outside, key=lambda event: event.metadata.occurred_at):
            self._flow, self._t = flow_of(event.metadata.type), event.metadata.occurred_at
            self._follow(type(event).__name__, event, self._t)
        self._tables()
        return self.facts

    def _follow(self, name: str, e: Any, t: int) -> None:
        domain = e.TYPE.partition(".")[0]
        if domain == "auth":
            self.people.see(name, e)
        elif domain == "resources":
            self._resource(name, e, t)
        else:
            entity = getattr(e, "waitlist_id", None) if name.startswith("Waitlist") else e.reservation_id
            self.counts.see(name, entity or "", e.resource_id, t)
            self._reservation(name, e, t)

    def _reservation(self, name: str, e: Any, t: int) -> None:
        world = self.world
        if name == "ReservationCreated":
            self._created(e, t)
        elif name in DECISIONS:
            world.decide(e.reservation_id, e.resource_id, DECISIONS[name], t)
            self.approvals.decide(e, {"CONFIRMED": "GRANTED"}.get(DECISIONS[name], DECISIONS[name]))
        elif name == "ReservationCancelled":
            world.end(e.reservation_id, {"PENDING", "CONFIRMED"}, "CANCELLED", t, e.reason)
            self.approvals.close(e.reservation_id, "WITHDRAWN")
        elif name == "ReservationExpired":
            world.end(e.reservation_id, {"PENDING"}, "EXPIRED", t)
            self.approvals.close(e.reservation_id, "WITHDRAWN")
        elif name == "ReservationNoShow":
            world.end(e.reservation_id, {"CONFIRMED"}, "NO_SHOW", t)
        elif name == "CheckInCompleted":
            self._in_use(name, e, "IN_USE")
            world.end(e.reservation_id, {"CONFIRMED"}, "CHECKED_IN", t)
        elif name == "CheckOutCompleted":
            self._in_use(name, e, "AVAILABLE")
            self.counts.visit(e)
            world.end(e.reservation_id, {"CHECKED_IN"}, "COMPLETED", t)
        elif name == "ReservationUpdated":
            world.move(e, t)
        elif name == "WaitlistJoined":
            world.join(e, t)
        elif name == "WaitlistOfferExpired":
            world.offer_ran_out(e, t)

    def _created(self, e: Any, t: int) -> None:
        if not self.world.ask(e, t):
            return
        if self.approvals.open(e):
            self.world.decide(e.reservation_id, e.resource_id, "CONFIRMED", t, automatic=True)
        elif self.world.reservations[e.reservation_id]["state"] == "REJECTED":
            self.approvals.close(e.reservation_id, "SUPERSEDED")

    def _resource(self, name: str, e: Any, t: int) -> None:
        if name.startswith("Category"):
            return
        if name.startswith("Maintenance"):
            self._maintenance(name, e, t)
            return
        seen, planned = self.status.get(e.resource_id), self.world.resources.get(e.resource_id)
        if name == "ResourceCreated" and seen is None:
            self.status[e.resource_id] = {"status": "AVAILABLE", "deleted": False, "name": e.name, "capacity": e.capacity}
            row = {"status": "AVAILABLE", "deleted": False, "capacity": e.capacity, "max_minutes": e.max_minutes}
            self.world.resources[e.resource_id] = row
        elif seen is None or planned is None or seen["deleted"]:
            return
        elif name == "ResourceUpdated":
            seen.update(name=e.name, capacity=e.capacity)
            planned.update(capacity=e.capacity, max_minutes=e.max_minutes)
        elif name == "ResourceStatusChanged":
            seen["status"] = planned["status"] = e.status
        elif name == "ResourceDeleted":
            seen["deleted"] = True
            for reservation_id in self.world.delete(e, t):
                self.approvals.close(reservation_id, "WITHDRAWN")

    def _maintenance(self, name: str, e: Any, t: int) -> None:
        if name == "MaintenanceScheduled":
            self.world.block(e, t)
            self.counts.job(e.resource_id, e.maintenance_id, "SCHEDULED", (e.starts_at, e.ends_at))
            return
        self.counts.job(e.resource_id, e.maintenance_id, STATES[name])
        row = self.status.get(e.resource_id)
        if row is not None and not row["deleted"]:
            if name == "MaintenanceStarted":
                row["status"] = "UNDER_MAINTENANCE"
            elif name == "MaintenanceCompleted" or row["status"] == "UNDER_MAINTENANCE":
                row["status"] = "AVAILABLE"
        if name != "MaintenanceStarted":
            self.world.unblock(e, t)

    def _in_use(self, name: str, e: Any, status: str) -> None:
        row = self.status.get(e.resource_id)
        if row is not None and not row["deleted"] and (name, e.reservation_id) not in self._visited:
            row["status"] = status
        self._visited.add((name, e.reservation_id))

    def _say(self, name: str, *fields: Any) -> None:
        """An event that the agents must emit: a fact of the flow at hand, and counted like any other."""
        self.facts[self._flow][("event", name, *fields)] += 1
        if name in {
            "ReservationConfirmed",
            "ReservationRejected",
            "ReservationExpired",
            "ReservationCancelled",
            "ScheduleConflictDetected",
        }:
            self.counts.see(name, fields[0], self.world.reservations[fields[0]]["resource"], self._t)
        elif name == "WaitlistOffered":
            self.counts.see(name, fields[0], fields[2], self._t)

    def _tables(self) -> None:
        """What the groups' tables must hold in the end."""
        self._tables_of_reservations()
        self._tables_of_others()

    def _tables_of_reservations(self) -> None:
        asked = self.facts["reservation_created"]
        for key, row in self.world.reservations.items():
            asked["reservation", key, row["state"], row["reason"], row["start"], row["end"], row["attendees"]] += 1
        for resource, usage in self.counts.usage.items():
            asked["usage", resource, *(usage[name] for name in ("reserved", "created_total", "check_outs", "used_minutes"))] += 1
        for (resource, hour, kind), count in self.counts.demand.items():
            asked["demand", resource, hour, kind, count] += 1
        for resource, holds in self.world.holds.items():
            for hold in holds:
                if hold.kind != "RESERVATION":
                    asked["held", resource, *hold[:4]] += 1
        for resource, queue in self.world.queues.items():
            for place, (waitlist_id, user, _, _) in enumerate(queue):
                asked["queue", resource, place, waitlist_id, user] += 1

    def _tables_of_others(self) -> None:
        decided, repaired = self.facts["approval_decided"], self.facts["maintenance_scheduled"]
        assigned, deleted = self.facts["role_assigned"], self.facts["resource_deleted"]
        for key, row in self.approvals.rows.items():
            decided["approval", key, row["state"], row["version"], row["automatic"], row["rule"]] += 1
        for resource, jobs in self.counts.jobs.items():
            for job, (start, end, state) in jobs.items():
                repaired["job", resource, job, start, end, state] += 1
        for (user, role, scope), names in self.people.grants.items():
            for domain, prefix in (("auth", ""), ("availability", "booking:"), ("stockpile", "approval:")):
                assigned["grant", domain, user, role, scope, tuple(n for n in names if n.startswith(prefix))] += 1
        for subject, ids in self.people.audit.items():
            assigned["audit", subject, tuple(ids)] += 1
        for resource, row in self.status.items():
            deleted["resource", resource, row["name"], row["capacity"], row["status"], row["deleted"]] += 1
            deleted["booking rules", resource, self.world.resources[resource]["deleted"]] += 1
            deleted["downtime", resource, row["deleted"]] += 1

"""What is there: the groups' tables by their changelogs, and the events that agents emitted, as facts of the five flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.tables import read_table
from demo.oracle.facts import Facts, flow_of, no_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bookly.records import Record
    from demo.oracle.facts import Fact

COMPARED = {  # of each event that agents emit, the fields that are compared
    "ReservationConfirmed": ("reservation_id", "user_id", "automatic"),
    "ReservationRejected": ("reservation_id", "user_id", "reason"),
    "ReservationExpired": ("reservation_id", "user_id"),
    "ReservationCancelled": ("reservation_id", "user_id", "reason"),
    "WaitlistOffered": ("waitlist_id", "user_id", "resource_id"),
    "ScheduleBlocked": ("block_id", "starts_at", "ends_at"),
    "ScheduleUnblocked": ("block_id",),
    "ScheduleConflictDetected": ("reservation_id", "conflicting_id", "conflicting_kind"),
    "NotificationRequested": ("template", "resource_id", "user_id", "reservation_id", "waitlist_id"),
    "ApprovalRequested": ("reservation_id", "rule"),
    "ApprovalGranted": ("reservation_id",),
    "ApprovalSuperseded": ("reservation_id", "state"),
}
DEMAND = ("asked", "confirmed", "refused", "cancelled", "expired", "no_show", "waitlisted", "offered", "conflicts", "used")


def found_facts(events: Iterable[Record], brokers: str) -> Facts:
    """Every fact that the log and the tables hold."""
    facts = no_facts()
    for flow, fact in _emitted(list(events)):
        facts[flow][fact] += 1
    tables = Tables(brokers)
    for flow, rows in (
        ("reservation_created", tables.asked()),
        ("approval_decided", tables.decided()),
        ("maintenance_scheduled", tables.repaired()),
        ("role_assigned", tables.assigned()),
        ("resource_deleted", tables.deleted()),
    ):
        facts[flow].update(rows)
    return facts


def _emitted(events: list[Record]) -> Iterator[tuple[str, Fact]]:
    """Each emitted event, in the flow of the fact from outside that began its chain of causes."""
    by_id = {event.metadata.event_id: event for event in events}
    for event in events:
        root = event
        while root.metadata.causation_id is not None:
            root = by_id[root.metadata.causation_id]
        if root is not event:
            name = type(event).__name__
            yield flow_of(root.metadata.type), ("event", name, *(getattr(event, field) for field in COMPARED[name]))


class Tables:
    """The rows of the groups' tables, as facts."""

    def __init__(self, brokers: str) -> None:
        self._brokers = brokers

    def asked(self) -> Iterator[Fact]:
        for key, row in self._rows("availability", "reservations"):
            yield "reservation", key, row["state"], row.get("reason"), row["starts_at"], row["ends_at"], row["attendees"]
        for resource, row in self._rows("resources", "usage"):
            yield "usage", resource, *(row[name] for name in ("reserved", "created_total", "check_outs", "used_minutes"))
        for key, row in self._rows("reports", "demand"):
            resource, _, hour = key.rpartition("|")
            yield from (("demand", resource, int(hour), kind, row[kind]) for kind in DEMAND if row[kind])
        for resource, row in self._rows("availability", "calendars"):
            for slot in row["slots"]:
                if slot["kind"] != "RESERVATION":
                    yield "held", resource, slot["starts_at"], slot["ends_at"], slot["kind"], slot["holder"]
        for resource, row in self._rows("availability", "queues"):
            yield from (
                ("queue", resource, place, one["waitlist_id"], one["user_id"]) for place, one in enumerate(row["entries"])
            )

    def decided(self) -> Iterator[Fact]:
        for key, row in self._rows("stockpile", "approvals"):
            yield "approval", key, row["state"], row["version"], row["automatic"], row["rule"]

    def repaired(self) -> Iterator[Fact]:
        for resource, row in self._rows("reports", "downtime"):
            yield from (("job", resource, job, *slot_and_state) for job, slot_and_state in row["jobs"].items())

    def assigned(self) -> Iterator[Fact]:
        for domain, table in (("auth", "grants"), ("availability", "permissions"), ("stockpile", "permissions")):
            for user, row in self._rows(domain, table):
                for grant in row["grants"]:
                    yield "grant", domain, user, grant["role"], grant["scope"], tuple(grant["permissions"])
        for subject, row in self._rows("reports", "audit"):
            yield "audit", subject, tuple(entry["event_id"] for entry in row["entries"])

    def deleted(self) -> Iterator[Fact]:
        downtime = dict(self._rows("reports", "downtime"))
        for resource, row in self._rows("resources", "resources"):
            yield "resource", resource, row["name"], row["capacity"], row["status"], row["deleted"]
            yield "downtime", resource, downtime.get(resource, {}).get("deleted", False)
        for resource, row in self._rows("availability", "resources"):
            yield "booking rules", resource, row["deleted"]

    def _rows(self, domain: str, table: str) -> Iterator[tuple[str, Any]]:
        yield from read_table(self._brokers, domain, table).items()

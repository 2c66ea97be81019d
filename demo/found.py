"""What is there: the groups' tables by their changelogs, and the events that agents emitted, as facts of the five flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.oracle.calendars import is_long_past
from demo.oracle.facts import EVENTS, Facts, emitted, flow_of, no_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bookly.records import Record
    from demo.oracle.facts import Fact

    ReadRows = Callable[[str, str], Iterable[tuple[str, Any]]]

DEMAND = (
    *("asked", "confirmed", "refused", "cancelled", "expired", "no_show", "waitlisted", "offered", "conflicts", "used"),
    *("served", "leads", "lead_minutes", "approvals", "approval_minutes", "used_minutes"),
)
TOLD = ("asked", "confirmed", "refused", "cancelled", "waitlisted", "used", "expired", "no_show", "revision")
PROPERTIES = ("name", "category_id", "capacity", "max_minutes", "status", "deleted")


def found_facts(events: Iterable[Record], read: ReadRows) -> Facts:
    """Every fact that the log and the tables hold. `read(domain, table)` gives a table's rows, each with its key."""
    events = list(events)
    facts = no_facts()
    for flow, fact in _emitted(events):
        facts[flow][fact] += 1
    now = max((event.metadata.occurred_at for event in events), default=0)
    tables = Tables(read, now)
    facts["reservation_created"].update(tables.told_otherwise(events))
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
        if event.TOPIC == "bookly.reports":
            continue  # of hours: see told_otherwise
        root: Record | None = event
        while root is not None and root.metadata.causation_id is not None:
            root = by_id.get(root.metadata.causation_id)
        name, meta = type(event).__name__, event.metadata
        if root is None or (root is not event and name not in EVENTS):
            yield "reservation_created", ("event", name, "nobody's" if root is None else "not expected of agents", meta.event_id)
        elif root is not event:
            fields = {field: getattr(event, field) for field in EVENTS[name]}
            yield flow_of(root.metadata.type), emitted(root, name, meta.occurred_at, meta.correlation_id, meta.actor, fields)


class Tables:
    """The rows of the groups' tables, as facts. `now`: the latest event's time, which decides what a calendar may have pruned."""

    def __init__(self, read: ReadRows, now: int) -> None:
        self._read, self._now = read, now

    def asked(self) -> Iterator[Fact]:
        for key, row in self._rows("availability", "reservations"):
            fields = ("resource_id", "user_id", "state", "reason", "starts_at", "ends_at", "attendees")
            yield ("reservation", key, *(row[field] for field in fields))
        yield from (("one of a user", user, key) for user, row in self._rows("availability", "by_user") for key in row["keys"])
        yield from (("kept decision", key) for key, _ in self._rows("availability", "decisions"))
        for key, row in self._rows("stockpile", "visits"):
            yield "visit", key, row["checked_in_at"], row["checked_out_at"]
        yield from self._calendars()
        for resource, row in self._rows("resources", "usage"):
            yield ("usage", resource, *(row[name] for name in ("reserved", "created_total", "check_outs", "used_minutes")))
        for key, row in self._rows("reports", "demand"):
            resource, _, hour = key.rpartition("|")
            yield from (("demand", resource, int(hour), kind, row[kind]) for kind in DEMAND if row[kind])
            yield from (("demand", resource, int(hour), f"refused {reason}", n) for reason, n in row["refused_by"].items())
            if row["category"]:
                yield "demand", resource, int(hour), f"category {row['category']}", 1

    def told_otherwise(self, events: Iterable[Any]) -> Iterator[Fact]:
        """Closed hours of which something else was told last than their row says: nobody expects any."""
        told: dict[str, Any] = {}
        for event in events:
            if event.TYPE == "reports.demand.window_closed":
                key = f"{event.resource_id}|{event.window_start_at}"
                if key not in told or told[key].revision < event.revision:
                    told[key] = event
        for key, row in self._rows("reports", "demand"):
            last = told.get(key)
            if row["revision"] and not row["due"] and (last is None or any(getattr(last, name) != row[name] for name in TOLD)):
                yield "an hour told otherwise", key, last and tuple(getattr(last, name) for name in TOLD)

    def decided(self) -> Iterator[Fact]:
        fields = ("resource_id", "user_id", "state", "version", "automatic", "rule", "deadline_at", "decided_by")
        for key, row in self._rows("stockpile", "approvals"):
            yield ("approval", row["approval_id"], key, *(row[field] for field in fields))

    def repaired(self) -> Iterator[Fact]:
        for resource, row in self._rows("reports", "downtime"):
            yield from (("maintenance", resource, job, *slot_and_state) for job, slot_and_state in row["jobs"].items())

    def assigned(self) -> Iterator[Fact]:
        for user, row in self._rows("auth", "users"):
            yield "user", user, row["email"], row["full_name"], row["department"], row["active"]
        for group, grants, roles in (
            ("auth", "grants", "roles"),
            ("availability", "permissions", "role_permissions"),
            ("stockpile", "permissions", "role_permissions"),
        ):
            for user, row in self._rows(group, grants):
                for grant in row["grants"]:
                    yield "grant", group, user, grant["role"], grant["scope"], tuple(grant["permissions"])
            for role, row in self._rows(group, roles):
                yield "role", group, role, tuple(row["permissions"])
        for subject, row in self._rows("reports", "audit"):
            for place, entry in enumerate(row["entries"]):
                yield "audit entry", subject, place, entry["at"], entry["type"], entry["actor"], entry["event_id"]

    def deleted(self) -> Iterator[Fact]:
        yield from (("category", key, row["name"]) for key, row in self._rows("resources", "categories"))
        for kind, domain in (("resource", "resources"), ("booking rules", "availability")):
            for key, row in self._rows(domain, "resources"):
                yield (kind, key, *(row[name] for name in PROPERTIES))
        downtime = dict(self._rows("reports", "downtime"))
        for key, _ in self._rows("resources", "resources"):
            yield "deletion in reports", key, downtime.get(key, {}).get("deleted", False)

    def _calendars(self) -> Iterator[Fact]:
        for resource, row in self._rows("availability", "calendars"):
            for slot in row["slots"]:
                if not is_long_past(slot["kind"], slot["ends_at"], self._now):
                    yield "held slot", resource, slot["starts_at"], slot["ends_at"], slot["kind"], slot["holder"], slot["user_id"]
        for resource, row in self._rows("availability", "queues"):
            for place, one in enumerate(row["entries"]):
                yield "place in a queue", resource, place, one["waitlist_id"], one["user_id"], one["starts_at"], one["ends_at"]

    def _rows(self, domain: str, table: str) -> Iterable[tuple[str, Any]]:
        return self._read(domain, table)

"""What the groups' tables must hold in the end, as facts of the five flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.oracle.calendars import is_long_past

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.oracle.facts import Fact
    from demo.oracle.fold import Oracle


def expected_rows(oracle: Oracle) -> Iterator[tuple[str, Fact]]:
    """Each expected fact about a row, with its flow."""
    for flow, facts in (
        ("reservation_created", (_reservations, _calendars, _counts)),
        ("approval_decided", (_approvals,)),
        ("maintenance_scheduled", (_maintenance,)),
        ("role_assigned", (_people,)),
        ("resource_deleted", (_resources,)),
    ):
        for source in facts:
            for fact in source(oracle):
                yield flow, fact


def _reservations(oracle: Oracle) -> Iterator[Fact]:
    fields = ("resource", "user", "state", "reason", "start", "end", "attendees")
    for key, row in oracle.world.reservations.items():
        yield ("reservation", key, *(row[field] for field in fields))
        yield "one of a user", row["user"], key  # nobody has more than 200 in a week
    yield from (("kept decision", key) for key in oracle.world.early)
    yield from (("visit", key, *times) for key, times in oracle.approvals.visits.items())


def _calendars(oracle: Oracle) -> Iterator[Fact]:
    for resource, holds in oracle.world.holds.items():
        yield from (("held slot", resource, *hold) for hold in holds if not is_long_past(hold.kind, hold.end, oracle.t))
    for resource, queue in oracle.world.queues.items():
        for place, (waitlist_id, user, start, end) in enumerate(queue):
            yield "place in a queue", resource, place, waitlist_id, user, start, end


def _counts(oracle: Oracle) -> Iterator[Fact]:
    for resource, usage in oracle.counts.usage.items():
        yield ("usage", resource, *(usage[name] for name in ("reserved", "created_total", "check_outs", "used_minutes")))
    for (resource, hour, kind), count in oracle.counts.demand.items():
        yield "demand", resource, hour, kind, count
    for (resource, hour), count in oracle.counts.served().items():
        yield "demand", resource, hour, "served", count


def _approvals(oracle: Oracle) -> Iterator[Fact]:
    fields = ("resource_id", "user_id", "state", "version", "automatic", "rule", "deadline_at", "decided_by")
    for key, row in oracle.approvals.rows.items():
        yield ("approval", row["approval_id"], key, *(row[field] for field in fields))


def _maintenance(oracle: Oracle) -> Iterator[Fact]:
    for resource, jobs in oracle.counts.jobs.items():
        yield from (("maintenance", resource, job, *slot_and_state) for job, slot_and_state in jobs.items())


def _people(oracle: Oracle) -> Iterator[Fact]:
    people = oracle.people
    for user, row in people.users.items():
        yield "user", user, row["email"], row["full_name"], row["department"], row["active"]
    for group, prefix in (("auth", ""), ("availability", "booking:"), ("stockpile", "approval:")):
        for (user, role, scope), names in people.grants.items():
            yield "grant", group, user, role, scope, _with(prefix, names)
        for role, names in people.roles.items():
            yield "role", group, role, _with(prefix, names)
    for subject, entries in people.audit.items():
        yield from (("audit entry", subject, place, *entry) for place, entry in enumerate(entries))


def _with(prefix: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name.startswith(prefix))


def _resources(oracle: Oracle) -> Iterator[Fact]:
    yield from (("category", key, name) for key, name in oracle.catalogue.categories.items())
    for kind, rows in (("resource", oracle.catalogue.resources), ("booking rules", oracle.world.resources)):
        yield from ((kind, key, *_resource(row)) for key, row in rows.items())
    yield from (("deletion in reports", key, row["deleted"]) for key, row in oracle.catalogue.resources.items())


def _resource(row: dict[str, Any]) -> Iterator[Any]:
    yield from (row[field] for field in ("name", "category_id", "capacity", "max_minutes", "status", "deleted"))

"""The check can fail: whatever is lost, doubled or altered in the log or in a table turns its flow red."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from bookly.records import Metadata
from bookly.records.record import fields
from bookly.records.reports import DemandWindowClosed
from demo.found import found_facts
from demo.oracle.facts import FLOWS, Facts, no_facts
from demo.oracle.fold import Oracle
from demo.university import University
from demo.verdict import verdicts
from demo.week import week
from tests.unit.demo.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bookly.records import Record
    from demo.found import ReadRows

SIZE = 0.05
# Each group's tables, and a field of a row that some flow looks at.
ROWS = [
    ("availability", "reservations", "state"),
    ("availability", "reservations", "starts_at"),
    ("availability", "by_user", "keys"),
    ("availability", "calendars", "slots"),
    ("availability", "permissions", "grants"),
    ("availability", "role_permissions", "permissions"),
    ("availability", "resources", "capacity"),
    ("resources", "resources", "status"),
    ("resources", "usage", "reserved"),
    ("resources", "usage", "used_minutes"),
    ("resources", "categories", "name"),
    ("stockpile", "approvals", "version"),
    ("stockpile", "approvals", "decided_by"),
    ("stockpile", "visits", "checked_out_at"),
    ("stockpile", "permissions", "grants"),
    ("reports", "demand", "asked"),
    ("reports", "demand", "refused_by"),
    ("reports", "demand", "category"),
    ("reports", "demand", "lead_minutes"),
    ("reports", "demand", "used_minutes"),
    ("reports", "demand", "approval_minutes"),
    ("reports", "downtime", "jobs"),
    ("reports", "audit", "entries"),
    ("auth", "users", "active"),
    ("auth", "grants", "grants"),
]


@pytest.fixture(scope="module")
def memory() -> Memory:
    memory = Memory(seed=3)
    for step in week(University(7, SIZE), memory.read_on):
        memory.publish(step.happenings)
    return memory


@pytest.fixture(scope="module")
def expected(memory: Memory) -> Facts:
    return Oracle().expect(memory.log)


def red(expected: Facts, found: Facts) -> set[str]:
    return {verdict.flow for verdict in verdicts(expected, found) if not verdict.right}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_interleaving_every_expected_fact_is_found_and_no_other(seed: int) -> None:
    memory = Memory(seed)
    for step in week(University(seed, SIZE), memory.read_on):
        memory.publish(step.happenings)
    found = verdicts(Oracle().expect(memory.log), found_facts(memory.log, memory.rows))
    assert [line for verdict in found for line in verdict.sentences()] == []
    assert all(verdict.expected == verdict.found > 0 for verdict in found)


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("change", ["dropped", "doubled", "altered"])
def test_one_fact_in_thousands_turns_its_flow_red(memory: Memory, expected: Facts, flow: str, change: str) -> None:
    found = found_facts(memory.log, memory.rows)
    fact = Random(change).choice(sorted(found[flow], key=str))
    found[flow][fact] += 1 if change == "doubled" else -1
    if change == "altered":
        found[flow][(*fact[:-1], "another")] += 1
    assert red(expected, found) == {flow}
    verdict = next(one for one in verdicts(expected, found) if one.flow == flow)
    assert verdict.found < verdict.expected
    assert len(list(verdict.sentences())) == (2 if change == "altered" else 1)


def test_an_hour_that_was_told_otherwise_or_not_at_all_is_seen(memory: Memory, expected: Facts) -> None:
    told = [event for event in memory.log if isinstance(event, DemandWindowClosed)]
    rows = dict(memory.rows("reports", "demand"))
    last = next(
        event
        for event in reversed(told)
        if (row := rows[f"{event.resource_id}|{event.window_start_at}"])["revision"] == event.revision and not row["due"]
    )
    assert red(expected, found_facts([event for event in memory.log if event is not last], memory.rows))
    last.asked += 1
    try:
        assert red(expected, found_facts(memory.log, memory.rows)) == {"reservation_created"}
    finally:
        last.asked -= 1


@pytest.mark.parametrize(("domain", "table", "field"), ROWS, ids=lambda value: value)
def test_an_altered_row_is_seen(memory: Memory, expected: Facts, domain: str, table: str, field: str) -> None:
    def altered(rows: dict[str, Any]) -> None:
        key = max(rows, key=lambda key: len(str(rows[key])))
        value = rows[key][field]
        rows[key][field] = without_last(value) if isinstance(value, list | dict) else f"not {value}"

    assert red(expected, found_facts(memory.log, tampered(memory, domain, table, altered)))


@pytest.mark.parametrize(("domain", "table"), sorted({(domain, table) for domain, table, _ in ROWS}))
def test_a_lost_row_is_seen(memory: Memory, expected: Facts, domain: str, table: str) -> None:
    def lost(rows: dict[str, Any]) -> None:
        del rows[max(rows, key=lambda key: len(str(rows[key])))]

    assert red(expected, found_facts(memory.log, tampered(memory, domain, table, lost)))


def test_a_decision_that_nobody_needs_any_more_is_seen(memory: Memory, expected: Facts) -> None:
    def left_over(rows: dict[str, Any]) -> None:
        rows["res-000001"] = {"state": "GRANTED"}

    assert red(expected, found_facts(memory.log, tampered(memory, "availability", "decisions", left_over)))


def test_an_emitted_event_that_is_lost_or_comes_twice_is_seen(memory: Memory, expected: Facts) -> None:
    kinds = {type(event): event for event in memory.log if event.metadata.causation_id is not None}
    assert len(kinds) >= 11
    for event in kinds.values():
        assert red(expected, found_facts(without(memory.log, event), memory.rows)), type(event).__name__
        assert red(expected, found_facts([*memory.log, event], memory.rows)), type(event).__name__


@pytest.mark.parametrize("field", ["causation_id", "correlation_id", "occurred_at", "actor"])
def test_an_emitted_event_with_another_past_is_seen(memory: Memory, expected: Facts, field: str) -> None:
    event = next(one for one in memory.log if type(one).__name__ == "NotificationRequested")
    other = with_past(event, **{field: 1 if field == "occurred_at" else memory.log[0].metadata.event_id})
    assert red(expected, found_facts([*without(memory.log, event), other], memory.rows))


def test_an_effect_without_a_cause_is_seen(memory: Memory, expected: Facts) -> None:
    event = next(one for one in memory.log if type(one).__name__ == "NotificationRequested")
    orphan = with_past(event, causation_id="nobody")
    assert red(expected, found_facts([*without(memory.log, event), orphan], memory.rows))


def test_a_week_of_which_nothing_was_expected_is_no_pass() -> None:
    assert red(no_facts(), no_facts()) == set(FLOWS)


def test_a_difference_is_told_in_words_and_only_the_first_ten() -> None:
    expected, found = no_facts(), no_facts()
    expected["approval_decided"].update(("role", "auth", f"role-{n:02d}", ()) for n in range(30))
    verdict = verdicts(expected, found)[1]
    lines = list(verdict.sentences())
    assert len(lines) == 10
    assert lines[0] == "approval_decided: expected, but not there: role with group auth, role role-00, permissions ()"


def tampered(memory: Memory, domain: str, table: str, change: Callable[[dict[str, Any]], None]) -> ReadRows:
    def read(asked_domain: str, asked_table: str) -> Iterable[tuple[str, Any]]:
        rows = dict(memory.rows(asked_domain, asked_table))
        if (asked_domain, asked_table) == (domain, table):
            change(rows)
        return rows.items()

    return read


def with_past(event: Record, **changes: Any) -> Record:
    """The same event with other metadata."""
    make: Any = type(event)
    other: Record = make(**fields(event), metadata=Metadata(**{**fields(event.metadata), **changes}))
    return other


def without(log: list[Record], event: Record) -> list[Record]:
    return [one for one in log if one is not event]


def without_last(value: list[Any] | dict[str, Any]) -> list[Any] | dict[str, Any]:
    return value[:-1] if isinstance(value, list) else dict(list(value.items())[:-1])

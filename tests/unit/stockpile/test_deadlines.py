"""An approval that nobody decides on by its deadline is decided by time, unless people were quicker."""

from __future__ import annotations

from uuid import UUID

from agents.stockpile import DOMAIN
from agents.timers import Timer
from bookly.records.stockpile import ApprovalExpired, ApprovalSuperseded
from bookly.testing import DomainBench, given
from tests.unit.clock import at, hour
from tests.unit.facts import ROOM, asked, cancelled, granted, refused, undecided

DEADLINE = hour(48)


def requested() -> DomainBench:
    """An auditorium needs an approval within 48 hours."""
    return given(DOMAIN, at(0, asked("r-1", 90, 91, category="auditoriums")))


def state_of(then: DomainBench) -> str:
    return str(then.row("approvals", "r-1").state)


def test_an_open_approval_expires_at_its_deadline() -> None:
    then = requested().clock(DEADLINE)
    expired = then.one(ApprovalExpired)
    assert (expired.approval_id, expired.reservation_id, expired.resource_id) == ("apr-r-1", "r-1", ROOM)
    assert (expired.expected_version, expired.metadata.occurred_at, expired.metadata.actor) == (1, DEADLINE, "clock")
    assert (state_of(then), then.row("approvals", "r-1").version) == ("EXPIRED", 2)
    assert then.rows("timers") == {}


def test_until_then_it_is_open() -> None:
    assert state_of(requested().clock(DEADLINE - 1)) == "OPEN"


def test_its_own_event_comes_back_as_a_repeat() -> None:
    then = requested().clock(DEADLINE)
    then.when(then.one(ApprovalExpired))
    assert (then.repeats, then.emitted, state_of(then)) == (1, [], "EXPIRED")


def test_who_decides_after_it_has_lost_and_is_told_so() -> None:
    late = at(49, granted("r-1"))
    then = requested().clock(DEADLINE).when(late)
    assert then.one(ApprovalSuperseded).superseded_event_id == late.metadata.event_id
    assert state_of(then) == "EXPIRED"


def test_who_decides_before_it_has_decided_whoever_it_is() -> None:
    for decision in (granted("r-1"), undecided("r-1"), cancelled("r-1"), refused("r-1")):
        then = requested().when(at(1, decision))
        assert then.rows("timers") == {}
        assert then.clock(DEADLINE).emitted == []


def test_what_is_granted_at_once_has_no_deadline() -> None:
    assert given(DOMAIN, asked("r-1", 9, 10)).rows("timers") == {}


def test_a_decision_on_another_version_leaves_the_deadline() -> None:
    then = requested().when(granted("r-1", version=7)).clock(DEADLINE)
    assert state_of(then) == "EXPIRED"


def test_a_timer_that_nobody_has_cancelled_decides_nothing_that_is_decided() -> None:
    then = requested().when(granted("r-1"))
    for subject in ("r-1", "r-9"):
        then.tables["timers"][f"deadline/{subject}"] = Timer(DEADLINE, "deadline", subject, ROOM, str(UUID(int=1)), "a course")
    then.clock(DEADLINE)
    assert (then.emitted, state_of(then), then.rows("timers")) == ([], "GRANTED", {})

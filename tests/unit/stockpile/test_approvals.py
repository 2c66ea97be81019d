"""Approvals: asked for where a rule says so, decided once, closed when their reservation ends first."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from agents.stockpile import DOMAIN
from bookly.records import Metadata
from bookly.records.stockpile import ApprovalGranted, ApprovalRequested, ApprovalSuperseded
from bookly.testing import DomainBench, given
from tests.unit.clock import at, hour
from tests.unit.facts import asked, came, cancelled, granted, left, not_approved, ran_out, refused, undecided

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly.records import Record


def opened() -> DomainBench:
    """An approval that a person has to decide on: an auditorium always needs one."""
    return given(DOMAIN, asked("r-1", 9, 10, category="auditoriums"))


def test_where_a_rule_applies_a_person_is_asked() -> None:
    then = given(DOMAIN).when(at(2, asked("r-1", 9, 10, category="auditoriums")))
    row, request = then.row("approvals", "r-1"), then.one(ApprovalRequested)
    assert (row.approval_id, row.state, row.version, row.automatic) == ("apr-r-1", "OPEN", 1, False)
    assert (request.approval_id, request.rule, request.approver_role) == ("apr-r-1", "auditoriums-always", "facility-manager")
    assert (request.deadline_at, request.version, request.user_id) == (hour(2 + 48), 1, "ann")


def test_where_no_rule_applies_it_is_granted_at_once() -> None:
    then = given(DOMAIN).when(asked("r-1", 9, 10))
    grant = then.one(ApprovalGranted)
    assert (grant.automatic, grant.expected_version, grant.decided_by, grant.approval_id) == (True, 1, None, "apr-r-1")
    assert (then.row("approvals", "r-1").state, then.row("approvals", "r-1").version) == ("GRANTED", 1)


def test_an_automatic_grant_is_its_own_echo() -> None:
    then = given(DOMAIN).when(asked("r-1", 9, 10))
    again = then.when(*then.emitted)
    assert (again.repeats, again.emitted, again.row("approvals", "r-1").version) == (1, [], 1)


def test_a_known_reservation_is_a_repeat() -> None:
    then = opened().when(asked("r-1", 9, 10))
    assert (then.repeats, then.emitted, then.row("approvals", "r-1").state) == (1, [], "OPEN")


@pytest.mark.parametrize(
    ("decision", "state", "by"), [(granted, "GRANTED", "boss"), (not_approved, "REJECTED", "dean"), (undecided, "EXPIRED", None)]
)
def test_the_first_decision_stands(decision: Callable[[str], Record], state: str, by: str | None) -> None:
    then = opened().when(decision("r-1"))
    row = then.row("approvals", "r-1")
    assert (row.state, row.version, row.decided_by, then.emitted) == (state, 2, by, [])


@pytest.mark.parametrize(("first", "second"), list(permutations([granted, not_approved, undecided], 2)))
def test_of_two_deciders_one_wins_and_the_other_is_told(first: Callable[[str], Record], second: Callable[[str], Record]) -> None:
    winner, loser = first("r-1"), second("r-1")
    decided = opened().when(winner)
    standing = decided.row("approvals", "r-1")
    then = decided.when(loser)
    told = then.one(ApprovalSuperseded)
    assert then.row("approvals", "r-1") == standing
    assert (told.state, told.superseded_event_id, told.approval_id) == (standing.state, loser.metadata.event_id, "apr-r-1")
    assert told.cause == f"{standing.state} at version 2, decided on version 1"


def test_a_decision_on_another_version_loses_against_the_open_approval() -> None:
    then = opened().when(granted("r-1", version=2))
    assert (then.one(ApprovalSuperseded).state, then.row("approvals", "r-1").state) == ("OPEN", "OPEN")


def test_the_winning_decision_delivered_twice_has_not_lost_against_itself() -> None:
    decision = granted("r-1")
    then = opened().when(decision).when(decision)
    assert (then.repeats, then.emitted) == (1, [])


def test_a_person_cannot_decide_what_was_granted_automatically() -> None:
    then = given(DOMAIN, asked("r-1", 9, 10)).when(not_approved("r-1"))
    assert (then.one(ApprovalSuperseded).state, then.row("approvals", "r-1").state) == ("GRANTED", "GRANTED")


def test_a_decision_on_an_unknown_approval_is_a_repeat() -> None:
    then = given(DOMAIN).when(granted("r-1"))
    assert (then.repeats, then.emitted, then.tables["approvals"]) == (1, [], {})


@pytest.mark.parametrize(("end", "state"), [(cancelled, "WITHDRAWN"), (ran_out, "WITHDRAWN"), (refused, "SUPERSEDED")])
def test_an_open_approval_ends_with_its_reservation(end: Callable[[str], Record], state: str) -> None:
    ending = end("r-1")
    then = opened().when(ending)
    told, row = then.one(ApprovalSuperseded), then.row("approvals", "r-1")
    assert (row.state, row.version) == (state, 2)
    assert (told.state, told.superseded_event_id, told.cause) == (state, None, ending.TYPE)
    late = then.when(granted("r-1"))
    assert (late.one(ApprovalSuperseded).state, late.row("approvals", "r-1").state) == (state, state)


@pytest.mark.parametrize("end", [cancelled, ran_out, refused])
@pytest.mark.parametrize("decision", [granted, not_approved, cancelled])
def test_an_approval_that_is_not_open_is_not_closed(end: Callable[[str], Record], decision: Callable[[str], Record]) -> None:
    decided = opened().when(decision("r-1"))
    row = decided.row("approvals", "r-1")
    then = decided.when(end("r-1"))
    assert (then.repeats, then.emitted, then.row("approvals", "r-1")) == (1, [], row)
    assert given(DOMAIN).when(end("r-1")).repeats == 1


def test_what_follows_from_this_approval_is_its_echo_even_when_it_overtakes_the_decision() -> None:
    by_approval = ran_out("r-1")
    by_approval.metadata = Metadata("e-2", by_approval.TYPE, "availability", hour(0), "e-1", 1, "e-1")
    then = opened().when(refused("r-1", "NOT_APPROVED"), by_approval)
    assert (then.repeats, then.emitted, then.row("approvals", "r-1").state) == (2, [], "OPEN")
    assert then.when(not_approved("r-1")).row("approvals", "r-1").state == "REJECTED"


def test_a_visit_is_kept_once() -> None:
    then = given(DOMAIN).when(came("r-1", 9), came("r-1", 9.5), left("r-1", 9, 10), left("r-1", 9, 11))
    visit = then.row("visits", "r-1")
    assert (visit.checked_in_at, visit.checked_out_at, then.repeats) == (hour(9), hour(10), 2)


def test_an_end_without_a_begin_says_both() -> None:
    visit = given(DOMAIN).when(left("r-1", 9, 10)).row("visits", "r-1")
    assert (visit.checked_in_at, visit.checked_out_at) == (hour(9), hour(10))

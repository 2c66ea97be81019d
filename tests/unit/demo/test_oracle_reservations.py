"""The oracle on logs of a few lines: each rule of docs/flows.md on reservations, with its outcome written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.clock import at, hour
from tests.unit.demo.recomputed import recomputed
from tests.unit.facts import (
    asked,
    came,
    cancelled,
    deleted_room,
    granted,
    left,
    maintenance,
    moved,
    no_show,
    not_approved,
    offer_ran_out,
    ran_out,
    room,
    status,
    undecided,
)

if TYPE_CHECKING:
    from bookly.records import Record

CROWD = 120  # attendees that a person has to approve
BIG = room("hall", capacity=500)


def test_a_free_slot_is_confirmed_at_once_and_its_user_told() -> None:
    found = recomputed(at(0, asked("r-1", 9, 10), actor="ann"))
    assert found.everything_said() == ["ApprovalGranted", "NotificationRequested", "ReservationConfirmed"]
    (said,) = found.said("ReservationConfirmed", "reservation_created")
    assert (said["reservation_id"], said["approval_id"], said["automatic"]) == ("r-1", "apr-r-1", True)
    assert (said["starts_at"], said["ends_at"], said["occurred_at"], said["actor"]) == (hour(9), hour(10), hour(0), "ann")
    assert found.row("reservation", reservation_id="r-1")["state"] == "CONFIRMED"
    assert found.row("held slot", holder="r-1")["kind"] == "RESERVATION"


def test_an_overlap_is_refused_and_the_earliest_holder_named() -> None:
    found = recomputed(at(0, asked("r-1", 9, 10)), at(1, asked("r-2", 10, 11)), at(2, asked("r-3", 9.5, 10.5)))
    (conflict,) = found.said("ScheduleConflictDetected")
    assert (conflict["reservation_id"], conflict["conflicting_id"], conflict["conflicting_kind"]) == ("r-3", "r-1", "RESERVATION")
    assert found.row("reservation", reservation_id="r-3")["reason"] == "CONFLICT"
    assert found.row("usage", resource_id="room-1") == {
        "resource_id": "room-1", "reserved": 2, "created_total": 3, "check_outs": 0, "used_minutes": 0
    }  # fmt: skip


def test_slots_that_touch_do_not_overlap() -> None:
    found = recomputed(at(0, asked("r-1", 9, 10)), at(1, asked("r-2", 10, 11)))
    assert len(found.said("ReservationConfirmed")) == 2


def test_a_reservation_sent_twice_counts_once() -> None:
    found = recomputed(at(0, asked("r-1", 9, 10)), at(1, asked("r-1", 9, 10)))
    assert len(found.said("ReservationConfirmed")) == 1
    assert found.row("usage", resource_id="room-1")["created_total"] == 1
    assert [row["count"] for row in found.rows("demand") if row["kind"] == "asked"] == [1]


@pytest.mark.parametrize(
    ("before", "wish", "reason"),
    [
        ((), asked("r-1", 9, 10, resource="nowhere"), "UNKNOWN_RESOURCE"),
        ((deleted_room(),), asked("r-1", 9, 10), "RESOURCE_DELETED"),
        ((status("OUT_OF_SERVICE"),), asked("r-1", 9, 10), "RESOURCE_UNAVAILABLE"),
        ((), asked("r-1", 10, 10), "RULE_VIOLATED"),
        ((), asked("r-1", 9, 17.5), "RULE_VIOLATED"),
        ((), asked("r-1", 9, 10, attendees=11), "RULE_VIOLATED"),
        ((maintenance("m-1", 9, 12),), asked("r-1", 11, 13), "MAINTENANCE"),
    ],
)  # fmt: skip
def test_the_first_rule_that_applies_refuses(before: tuple[Record, ...], wish: Record, reason: str) -> None:
    found = recomputed(*(at(0, event) for event in before), at(1, wish))
    (said,) = found.said("ReservationRejected")
    assert said["reason"] == reason
    assert not found.said("ScheduleConflictDetected", "reservation_created")
    assert found.row("demand", kind=f"refused {reason}")["count"] == 1


def test_a_slot_that_ended_a_day_ago_is_in_nobodys_way_and_may_be_pruned() -> None:
    found = recomputed(at(0, asked("r-1", 9, 10)), at(34, asked("r-2", 9, 10)))
    assert len(found.said("ReservationConfirmed")) == 2
    assert [row["holder"] for row in found.rows("held slot")] == []


def test_a_crowd_waits_for_a_person_whose_word_counts_once() -> None:
    wish = asked("r-1", 9, 10, resource="hall", attendees=CROWD)
    late = at(3, not_approved("r-1", resource="hall"))
    found = recomputed(at(0, BIG), at(1, wish), at(2, granted("r-1", resource="hall")), late)
    (request,) = found.said("ApprovalRequested", "reservation_created")
    assert (request["rule"], request["approver_role"], request["version"]) == ("crowds", "facility-manager", 1)
    assert request["deadline_at"] == hour(1 + 72)
    (said,) = found.said("ReservationConfirmed", "approval_decided")
    assert said["automatic"] is False
    (lost,) = found.said("ApprovalSuperseded", "approval_decided")
    assert (lost["state"], lost["superseded_event_id"]) == ("GRANTED", late.metadata.event_id)
    approval = found.row("approval", reservation_id="r-1")
    assert (approval["state"], approval["version"], approval["decided_by"]) == ("GRANTED", 2, "boss")


@pytest.mark.parametrize(
    ("decision", "event", "state"),
    [
        (not_approved("r-1", resource="hall"), "ReservationRejected", "REJECTED"),
        (undecided("r-1", resource="hall"), "ReservationExpired", "EXPIRED"),
    ],
)
def test_what_is_not_approved_frees_its_slot(decision: Record, event: str, state: str) -> None:
    wish = asked("r-1", 9, 10, resource="hall", attendees=CROWD)
    found = recomputed(at(0, BIG), at(1, wish), at(2, decision), at(3, asked("r-2", 9, 10, resource="hall")))
    assert len(found.said(event, "approval_decided")) == 1
    assert found.row("reservation", reservation_id="r-1")["state"] == state
    assert found.row("reservation", reservation_id="r-2")["state"] == "CONFIRMED"


def test_a_decision_on_another_version_loses() -> None:
    wish = asked("r-1", 9, 10, resource="hall", attendees=CROWD)
    found = recomputed(at(0, BIG), at(1, wish), at(2, granted("r-1", version=2, resource="hall")))
    assert found.said("ApprovalSuperseded")[0]["state"] == "OPEN"
    assert found.row("approval", reservation_id="r-1")["state"] == "OPEN"


def test_a_decision_that_comes_first_is_kept_for_its_reservation() -> None:
    early = at(0, granted("r-1"))
    assert recomputed(early).rows("kept decision") == [{"reservation_id": "r-1"}]
    found = recomputed(early, at(1, asked("r-1", 9, 10)))
    assert found.rows("kept decision") == []
    assert found.row("reservation", reservation_id="r-1")["state"] == "CONFIRMED"


def test_a_refusal_and_a_withdrawal_close_the_open_approval() -> None:
    crowd = [at(n, asked(f"r-{n}", 9, 10, resource="hall", attendees=CROWD)) for n in (1, 2)]
    found = recomputed(at(0, BIG), *crowd, at(3, cancelled("r-1", "hall")))
    assert {row["reservation_id"]: (row["state"], row["version"]) for row in found.rows("approval")} == {
        "r-1": ("WITHDRAWN", 2), "r-2": ("SUPERSEDED", 2)
    }  # fmt: skip
    assert [said["superseded_event_id"] for said in found.said("ApprovalSuperseded")] == [None, None]


def test_a_visit_runs_to_its_end_and_its_minutes_are_counted_down() -> None:
    found = recomputed(
        at(0, asked("r-1", 9, 10)), at(9, came("r-1", 9)), at(10, left("r-1", 9, 9.995)), at(11, left("r-1", 9, 10))
    )
    assert found.row("reservation", reservation_id="r-1")["state"] == "COMPLETED"
    usage = found.row("usage", resource_id="room-1")
    assert (usage["check_outs"], usage["used_minutes"], usage["reserved"]) == (1, 59, 1)
    assert found.row("resource", resource_id="room-1")["status"] == "AVAILABLE"


def test_who_is_inside_can_neither_cancel_nor_miss() -> None:
    found = recomputed(at(0, asked("r-1", 9, 10)), at(9, came("r-1")), at(9.1, cancelled("r-1")), at(9.2, no_show("r-1")))
    assert found.row("reservation", reservation_id="r-1")["state"] == "CHECKED_IN"
    assert found.row("resource", resource_id="room-1")["status"] == "IN_USE"


def test_what_ends_is_taken_out_of_the_usage_once() -> None:
    found = recomputed(at(0, asked("r-1", 9, 10)), at(1, cancelled("r-1")), at(2, ran_out("r-1")), at(3, no_show("r-1")))
    assert found.row("usage", resource_id="room-1")["reserved"] == 0
    assert found.row("reservation", reservation_id="r-1")["state"] == "CANCELLED"


def test_a_move_to_a_free_slot_moves_and_one_to_a_taken_slot_is_told() -> None:
    before = [at(0, asked("r-1", 9, 10)), at(1, asked("r-2", 11, 12))]
    there = recomputed(*before, at(2, moved("r-1", 10, 11)))
    assert there.row("reservation", reservation_id="r-1")["starts_at"] == hour(10)
    taken = recomputed(*before, at(2, moved("r-1", 11.5, 12.5)))
    assert taken.said("ScheduleConflictDetected")[0]["conflicting_id"] == "r-2"
    assert taken.row("reservation", reservation_id="r-1")["starts_at"] == hour(9)
    too_long = recomputed(*before, at(2, moved("r-1", 13, 22)))
    assert too_long.said("ScheduleConflictDetected")[0]["conflicting_kind"] == "RULE"
    assert "RESERVATION_CONFLICT" in [said["template"] for said in too_long.said("NotificationRequested")]


def test_an_offer_that_nobody_made_cannot_run_out() -> None:
    assert recomputed(at(0, offer_ran_out("w-1"))).everything_said() == []

"""Lead times, downtime and the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents.reports import DOMAIN
from agents.reports.audit import ENTRIES_KEPT
from agents.reports.downtime import JOBS_KEPT
from agents.reports.tables import Downtime
from bookly.records.auth import UserLoggedIn, UserRegistered
from bookly.records.availability import ScheduleUnblocked
from bookly.testing import given
from tests.unit.clock import at, hour
from tests.unit.facts import (
    ROOM,
    approval_requested,
    came,
    changed_room,
    deleted_room,
    granted,
    left,
    maintenance,
    maintenance_called_off,
    maintenance_done,
    maintenance_started,
    no_show,
    not_approved,
    role_assigned,
    role_changed,
    room,
    status,
    superseded,
    undecided,
)

if TYPE_CHECKING:
    from bookly.records import Record


def test_how_long_a_decision_took_is_told_by_request_and_decision() -> None:
    lead = given(DOMAIN).when(at(1, approval_requested("r-1")), at(5, granted("r-1"))).row("leads", "r-1")
    assert (lead.requested_at, lead.decided_at, lead.outcome) == (hour(1), hour(5), "GRANTED")


@pytest.mark.parametrize(
    ("decision", "outcome"),
    [(not_approved("r-1"), "REJECTED"), (undecided("r-1"), "EXPIRED"), (superseded("r-1", "WITHDRAWN"), "WITHDRAWN")],
)
def test_every_end_of_an_approval_is_an_outcome(decision: Record, outcome: str) -> None:
    assert given(DOMAIN).when(decision).row("leads", "r-1").outcome == outcome


def test_the_first_decision_counts() -> None:
    then = given(DOMAIN).when(granted("r-1"), not_approved("r-1"), superseded("r-1", "GRANTED"))
    assert (then.row("leads", "r-1").outcome, then.repeats) == ("GRANTED", 2)


def test_visits_and_their_absence_are_kept_once() -> None:
    then = given(DOMAIN).when(came("r-1"), came("r-1", 9.5), left("r-1"), left("r-1", 9, 11), no_show("r-2"), no_show("r-2"))
    lead = then.row("leads", "r-1")
    assert (lead.checked_in_at, lead.checked_out_at, then.repeats) == (
        hour(9),
        hour(10),
        4,
    )  # demand and usage count a no-show each
    assert then.row("leads", "r-2").no_show_at == hour(0)


def test_each_maintenance_job_is_kept_with_its_slot_and_how_it_ended() -> None:
    then = given(DOMAIN).when(
        maintenance("m-1", 9, 12),
        maintenance_started("m-1"),
        maintenance_done("m-1"),
        maintenance("m-2", 13, 14),
        maintenance_called_off("m-2"),
    )
    assert then.row("downtime", ROOM).jobs == {"m-1": (hour(9), hour(12), "COMPLETED"), "m-2": (hour(13), hour(14), "CANCELLED")}


def test_a_job_is_planned_once_and_an_unknown_one_does_not_end() -> None:
    then = given(DOMAIN, maintenance("m-1", 9, 12)).when(maintenance("m-1", 9, 12), maintenance_done("m-2"))
    assert (then.repeats, list(then.row("downtime", ROOM).jobs)) == (2, ["m-1"])


def test_the_oldest_jobs_go_first() -> None:
    then = given(DOMAIN).when(*(maintenance(f"m-{number}", 9, 12) for number in range(JOBS_KEPT + 1)))
    assert (len(then.row("downtime", ROOM).jobs), "m-0" in then.row("downtime", ROOM).jobs) == (JOBS_KEPT, False)


def test_status_and_end_of_a_resource_are_kept_with_its_name_and_category() -> None:
    then = given(DOMAIN).when(room(), changed_room(), ScheduleUnblocked("m-1", ROOM))
    assert then.row("downtime", ROOM) == Downtime(category_id="rooms", name="New room-1")
    row = then.when(status("OUT_OF_SERVICE"), at(7, deleted_room())).row("downtime", ROOM)
    assert (row.status, row.deleted, row.deleted_at) == ("OUT_OF_SERVICE", True, hour(7))


def test_a_resource_ends_once_and_when_is_known() -> None:
    then = given(DOMAIN, room()).when(at(7, deleted_room()), at(9, deleted_room()))
    assert then.row("downtime", ROOM).deleted_at == hour(7)


def test_each_event_of_auth_is_one_entry_of_its_user_or_role() -> None:
    then = given(DOMAIN).when(at(1, role_assigned("ann", "dean"), actor="admin"), role_changed("dean", "booking:x"))
    (entry,) = then.row("audit", "ann").entries
    assert (entry.at, entry.type, entry.actor) == (hour(1), "auth.role.assigned", "admin")
    assert [entry.type for entry in then.row("audit", "role:dean").entries] == ["auth.permissions.changed"]


def test_the_same_event_twice_is_one_entry() -> None:
    event = role_assigned("ann", "dean")
    then = given(DOMAIN).when(event, event)
    assert (len(then.row("audit", "ann").entries), then.repeats) == (1, 1)


def test_the_last_entries_are_kept() -> None:
    then = given(DOMAIN).when(*(at(number, role_assigned("ann", "dean")) for number in range(ENTRIES_KEPT + 3)))
    entries = then.row("audit", "ann").entries
    assert (len(entries), entries[0].at, entries[-1].at) == (ENTRIES_KEPT, hour(3), hour(ENTRIES_KEPT + 2))


def test_no_personal_data_gets_into_the_audit_trail() -> None:
    secret: list[Record] = [
        UserRegistered("ann", "mail@secret", "secret name"),
        UserLoggedIn("ann", "s-1", "secret ip", "PASSWORD", hour(8)),
    ]
    assert "secret" not in repr(given(DOMAIN).when(*secret).tables)

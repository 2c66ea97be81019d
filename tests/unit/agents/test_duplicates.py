"""An event that is delivered twice changes nothing the second time, in any group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents import domains
from bookly.records import RECORDS, auth, resources
from bookly.testing import given
from tests.unit.clock import hour
from tests.unit.facts import (
    approval_requested,
    asked,
    came,
    cancelled,
    changed_room,
    confirmed,
    conflict,
    deleted_room,
    granted,
    joined,
    left,
    maintenance,
    maintenance_called_off,
    maintenance_done,
    maintenance_started,
    moved,
    no_show,
    not_approved,
    offer_ran_out,
    offered,
    ran_out,
    refused,
    role_assigned,
    role_changed,
    role_revoked,
    room,
    status,
    superseded,
    undecided,
)

if TYPE_CHECKING:
    from bookly.records import Record


def week() -> list[Record]:
    """A story in which every event that a group handles happens, and most of them change something."""
    return [
        auth.UserRegistered("ann", "ann@example.org", "Ann"),
        auth.UserUpdated("ann", "ann@example.org", "Dr Ann"),
        auth.UserLoggedIn("ann", "s-1", "192.0.2.1", "PASSWORD", hour(8)),
        auth.UserLoggedOut("ann", "s-1"),
        auth.PasswordChanged("ann", "ann"),
        auth.TwoFactorEnabled("ann", "APP"),
        role_assigned("ann", "dean", "booking:create", "approval:decide"),
        role_changed("dean", "booking:create"),
        role_revoked("ann", "dean"),
        resources.CategoryCreated("labs", "Labs"),
        resources.CategoryUpdated("labs", "Laboratories"),
        room(),
        changed_room(capacity=200),
        status("IN_USE"),
        asked("r-1", 9, 10),
        granted("r-1", automatic=True, by=None),
        confirmed("r-1"),
        moved("r-1", 9, 11),
        asked("r-2", 10, 12, "bob"),
        refused("r-2"),
        conflict("r-2"),
        joined("w-1", 10, 12),
        offered("w-1"),
        came("r-1"),
        left("r-1"),
        offer_ran_out("w-1"),
        asked("r-3", 13, 14, attendees=150),
        approval_requested("r-3"),
        granted("r-3"),
        no_show("r-3"),
        asked("r-4", 13, 14, attendees=150),
        not_approved("r-4"),
        asked("r-5", 13, 14, attendees=150),
        undecided("r-5"),
        ran_out("r-5"),
        asked("r-6", 13, 14, attendees=150),
        cancelled("r-6"),
        superseded("r-6", "WITHDRAWN"),
        maintenance("m-1", 13, 14),
        maintenance_started("m-1"),
        maintenance_done("m-1"),
        maintenance("m-2", 13, 14),
        maintenance_called_off("m-2"),
        asked("r-7", 15, 16),
        joined("w-2", 15, 16),
        deleted_room(),
        auth.UserDeactivated("ann", "hr"),
    ]


@pytest.mark.parametrize("name", list(domains()))
def test_each_event_twice_in_a_row_gives_what_each_event_once_gives(name: str) -> None:
    events = week()
    once = given(domains()[name]).when(*events)
    twice = given(domains()[name])
    known: set[str] = set()
    for event in events:
        twice.when(event)
        known |= {emitted.metadata.event_id for emitted in twice.emitted}
        twice.when(event)
        assert {emitted.metadata.event_id for emitted in twice.emitted} <= known, event
    assert twice.tables == once.tables
    assert known == {emitted.metadata.event_id for emitted in once.emitted}


@pytest.mark.parametrize("name", list(domains()))
def test_the_week_has_every_event_that_the_group_handles(name: str) -> None:
    missing = set(domains()[name].handlers) - {type(event) for event in week()}
    assert {event.__name__ for event in missing} <= {"ScheduleBlocked", "ScheduleUnblocked"}  # echoes that reports ignores
    assert {type(event) for event in week()} <= set(RECORDS.values())

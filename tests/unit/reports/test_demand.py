"""Windowed demand: hours of event time, each kind at most once for a reservation or a place in a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from agents.reports import DOMAIN
from agents.reports.tables import Demand
from bookly.testing import DomainBench, given
from tests.unit.clock import at, hour
from tests.unit.facts import (
    ROOM,
    asked,
    cancelled,
    confirmed,
    conflict,
    joined,
    left,
    moved,
    no_show,
    offer_ran_out,
    offered,
    ran_out,
    refused,
)

if TYPE_CHECKING:
    from bookly.records import Record


def demand(then: DomainBench, of_hour: float, resource: str = ROOM) -> Demand | None:
    """How many of each kind; what else is in the row is test_hours' business."""
    row: Demand | None = then.row("demand", f"{resource}|{hour(of_hour)}")
    return row and replace(row, revision=0, due=0, category="", leads=0, lead_minutes=0)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (asked("r-1", 9, 10), "asked"),
        (confirmed("r-1"), "confirmed"),
        (cancelled("r-1"), "cancelled"),
        (ran_out("r-1"), "expired"),
        (no_show("r-1"), "no_show"),
        (joined("w-1", 9, 10), "waitlisted"),
        (offered("w-1"), "offered"),
        (conflict("r-1"), "conflicts"),
        (left("r-1"), "used"),
    ],
)
def test_each_kind_counts_in_its_hour_and_once(event: Record, kind: str) -> None:
    then = given(DOMAIN).when(event)
    once = replace(Demand(), **{kind: 1})
    assert demand(then, 0) == once
    again = then.when(event)
    assert demand(again, 0) == once
    assert again.repeats > 0


def test_refusals_count_by_reason() -> None:
    then = given(DOMAIN).when(refused("r-1"), refused("r-2", "MAINTENANCE"), refused("r-3"))
    assert demand(then, 0) == Demand(refused=3, refused_by={"CONFLICT": 2, "MAINTENANCE": 1})


def test_a_clients_retry_is_no_demand_whatever_its_event_id_and_hour() -> None:
    then = given(DOMAIN).when(at(1, asked("r-1", 9, 10)), at(2, asked("r-1", 9, 10)))
    assert (demand(then, 1), demand(then, 2), then.repeats) == (Demand(asked=1), None, 1)


def test_kinds_of_one_reservation_count_beside_each_other() -> None:
    assert demand(given(DOMAIN).when(asked("r-1", 9, 10), confirmed("r-1"), cancelled("r-1")), 0) == Demand(
        asked=1, confirmed=1, cancelled=1
    )


def test_an_hour_begins_on_the_hour_and_ends_before_the_next() -> None:
    then = given(DOMAIN).when(at(1, asked("r-1", 9, 10)), at(1.9999, asked("r-2", 9, 10)), at(2, asked("r-3", 9, 10)))
    assert (demand(then, 1), demand(then, 2)) == (Demand(asked=2), Demand(asked=1))


def test_late_events_count_in_their_own_hour() -> None:
    then = given(DOMAIN).when(at(50, asked("r-1", 60, 61)), at(1, asked("r-2", 9, 10)))
    assert (demand(then, 1), demand(then, 50)) == (Demand(asked=1), Demand(asked=1))


def test_each_resource_has_its_own_hours() -> None:
    then = given(DOMAIN).when(asked("r-1", 9, 10), asked("r-2", 9, 10, resource="room-2"))
    assert (demand(then, 0), demand(then, 0, "room-2")) == (Demand(asked=1), Demand(asked=1))


def test_a_moved_reservation_or_an_offer_that_ran_out_is_no_new_demand() -> None:
    then = given(DOMAIN).when(moved("r-1", 9, 10), offer_ran_out("w-1"))
    assert (then.tables["demand"], then.repeats) == ({}, 0)

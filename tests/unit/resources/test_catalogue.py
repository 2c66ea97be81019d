"""Which resources there are, and whether they can be used right now."""

from __future__ import annotations

from agents.resources import DOMAIN
from bookly.records.resources import CategoryCreated, CategoryUpdated
from bookly.testing import given
from tests.unit.facts import (
    ROOM,
    changed_room,
    deleted_room,
    maintenance_called_off,
    maintenance_done,
    maintenance_started,
    room,
    status,
)


def test_a_resource_is_created_once() -> None:
    then = given(DOMAIN).when(room(capacity=30), room(capacity=1))
    row = then.row("resources", ROOM)
    assert (row.capacity, row.status, row.deleted, then.repeats) == (30, "AVAILABLE", False, 1)


def test_it_is_what_was_last_said_of_it() -> None:
    row = given(DOMAIN, room(), status("IN_USE")).when(changed_room(capacity=5, max_minutes=60)).row("resources", ROOM)
    assert (row.name, row.capacity, row.max_minutes, row.status) == (f"New {ROOM}", 5, 60, "IN_USE")


def test_a_deleted_one_keeps_its_row_and_changes_no_more() -> None:
    gone = given(DOMAIN, room()).when(deleted_room())
    row = gone.row("resources", ROOM)
    assert row.deleted
    then = gone.when(
        room(), changed_room(), status("IN_USE"), maintenance_started("m-1"), maintenance_done("m-1"), deleted_room()
    )
    assert (then.row("resources", ROOM), then.repeats) == (row, 6)


def test_what_was_never_created_cannot_change() -> None:
    then = given(DOMAIN).when(changed_room(), status("IN_USE"), maintenance_started("m-1"), deleted_room())
    assert (then.tables["resources"], then.repeats) == ({}, 4)


def test_staff_set_the_status() -> None:
    assert given(DOMAIN, room()).when(status("OUT_OF_SERVICE")).row("resources", ROOM).status == "OUT_OF_SERVICE"


def test_while_it_is_maintained_nobody_can_use_it() -> None:
    started = given(DOMAIN, room()).when(maintenance_started("m-1"))
    assert started.row("resources", ROOM).status == "UNDER_MAINTENANCE"
    assert started.when(maintenance_done("m-1")).row("resources", ROOM).status == "AVAILABLE"


def test_called_off_it_is_free_only_if_the_work_had_begun() -> None:
    started = given(DOMAIN, room(), maintenance_started("m-1"))
    assert started.when(maintenance_called_off("m-1")).row("resources", ROOM).status == "AVAILABLE"
    broken = given(DOMAIN, room(), status("OUT_OF_SERVICE"))
    assert broken.when(maintenance_called_off("m-1")).row("resources", ROOM).status == "OUT_OF_SERVICE"


def test_a_category_is_what_was_last_said_of_it() -> None:
    then = given(DOMAIN).when(CategoryCreated("labs", "Labs"), CategoryUpdated("labs", "Laboratories", "rooms", "wet and dry"))
    row = then.row("categories", "labs")
    assert (row.name, row.parent_id, row.description) == ("Laboratories", "rooms", "wet and dry")

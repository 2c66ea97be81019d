"""How much a resource is asked for and used: each fact counts once, in whatever order two topics bring them."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from agents.resources import DOMAIN
from bookly.testing import DomainBench, given
from tests.unit.facts import ROOM, asked, came, cancelled, deleted_room, left, no_show, ran_out, refused, room

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly.records import Record


def usage(then: DomainBench) -> tuple[int, int, int, int]:
    row = then.row("usage", ROOM)
    return row.reserved, row.created_total, row.check_outs, row.used_minutes


def test_a_reservation_counts_once() -> None:
    then = given(DOMAIN, room()).when(asked("r-1", 9, 10), asked("r-2", 9, 10), asked("r-1", 9, 10))
    assert (usage(then), then.repeats) == ((2, 2, 0, 0), 1)


@pytest.mark.parametrize("end", [cancelled, refused, ran_out, no_show])
def test_what_ends_unused_no_longer_stands_and_ends_once(end: Callable[[str], Record]) -> None:
    then = given(DOMAIN, room(), asked("r-1", 9, 10), asked("r-2", 9, 10)).when(end("r-1"), end("r-1"), cancelled("r-1"))
    assert (usage(then), then.repeats) == ((1, 2, 0, 0), 2)


def test_what_was_never_asked_for_cannot_end() -> None:
    then = given(DOMAIN, room()).when(cancelled("r-1"))
    assert (then.repeats, then.tables["usage"]) == (1, {})


def test_a_visit_is_use_in_whole_minutes_and_the_resource_is_in_use_meanwhile() -> None:
    there = given(DOMAIN, room(), asked("r-1", 9, 11)).when(came("r-1"))
    assert there.row("resources", ROOM).status == "IN_USE"
    then = there.when(left("r-1", 9, 9.999))
    assert (usage(then), then.row("resources", ROOM).status) == ((1, 1, 1, 59), "AVAILABLE")


def test_a_visit_ends_once() -> None:
    then = given(DOMAIN, room(), came("r-1")).when(left("r-1"), left("r-1"))
    assert (usage(then), then.repeats) == ((0, 0, 1, 60), 1)


def test_a_check_in_delivered_again_after_the_visit_does_not_occupy_the_resource() -> None:
    check_in = came("r-1")
    then = given(DOMAIN, room(), check_in, left("r-1")).when(check_in)
    assert (then.row("resources", ROOM).status, then.repeats) == ("AVAILABLE", 1)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_creation_and_visit_are_of_two_topics_and_count_in_any_order(order: tuple[int, ...]) -> None:
    facts: list[Record] = [asked("r-1", 9, 10), came("r-1"), left("r-1")]
    then = given(DOMAIN, room()).when(*(facts[number] for number in order))
    assert (usage(then), then.repeats) == ((1, 1, 1, 60), 0)


def test_a_visit_of_a_deleted_resource_is_use_but_no_status() -> None:
    then = given(DOMAIN, room(), deleted_room()).when(came("r-1"), left("r-1"))
    assert (usage(then), then.row("resources", ROOM).status, then.repeats) == ((0, 0, 1, 60), "AVAILABLE", 2)

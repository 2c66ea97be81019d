"""Timers of one partition: which runs out when, in which order, and what is left of those that do not."""

from __future__ import annotations

import pytest

from agents import timers
from agents.domain import Domain, DomainError
from agents.state import State
from agents.timers import SLACK, Timer
from bookly.records.availability import WaitlistOfferExpired
from bookly.testing import DomainBench, given
from bookly.testing.events import MONDAY
from tests.unit.alarms import DOMAIN, Alarms, failing, ring, set_alarm
from tests.unit.clock import at, hour
from tests.unit.facts import ROOM, asked, cancelled


def rang(bench: DomainBench) -> tuple[str, ...]:
    row = bench.row("rang", "all")
    return row.times if row else ()


def test_what_is_due_fires_in_order_of_time_and_then_of_name_and_its_row_is_gone() -> None:
    then = given(DOMAIN, asked("c", 3, 4), asked("b", 2, 4), asked("a", 2, 4), asked("later", 9, 10)).clock(hour(3))
    assert rang(then) == ("a", "b", "c")
    assert list(then.rows("timers")) == ["alarm/later"]


def test_it_fires_once() -> None:
    then = given(DOMAIN, asked("a", 2, 4)).clock(hour(2)).clock(hour(3))
    assert rang(then) == ("a",)
    assert then.emitted == []


def test_it_does_not_fire_before_it_is_due() -> None:
    assert rang(given(DOMAIN, asked("a", 2, 4)).clock(hour(2) - 1)) == ()


def test_what_is_cancelled_does_not_fire_nor_does_what_was_set_to_another_time_before() -> None:
    then = given(DOMAIN, asked("a", 2, 4), asked("b", 2, 4)).clock(hour(1))
    assert rang(then.when(cancelled("a"), asked("b", 5, 6)).clock(hour(4))) == ()
    assert rang(then.clock(hour(5))) == ("b",)


def test_it_happens_when_it_was_due_and_because_of_what_set_it() -> None:
    cause = at(1, asked("a", 2, 4))
    told = given(DOMAIN, cause).clock(hour(7)).one(WaitlistOfferExpired).metadata
    assert (told.occurred_at, told.causation_id) == (hour(2), cause.metadata.event_id)
    assert (told.correlation_id, told.actor) == (cause.metadata.correlation_id, "clock")


def test_doing_it_again_publishes_the_same_id_and_another_setting_another_one() -> None:
    cause = at(1, asked("a", 2, 4))
    one, same = (given(DOMAIN, cause).clock(hour(late)).one(WaitlistOfferExpired).metadata.event_id for late in (2, 9))
    assert one == same
    assert given(DOMAIN, at(1, asked("a", 2, 4))).clock(hour(2)).one(WaitlistOfferExpired).metadata.event_id != one


def test_one_that_is_set_by_another_and_is_due_by_then_fires_in_the_same_turn() -> None:
    assert rang(given(DOMAIN, asked("again-a", 2, 4), asked("b", 3, 4)).clock(hour(4))) == ("again-a", "a", "b")


def test_a_handler_that_raises_leaves_timers_as_they_were() -> None:
    then = given(DOMAIN, asked("a", 2, 4), dead_letters=True).clock(hour(1))
    then.when(asked("b", 2, 4, "fails", resource="b"), failing(cancelled("a", resource="c")))
    then.when(asked("a", 3, 4, "fails", resource="d"))
    assert rang(then.clock(hour(2))) == ("a",)


def test_a_rule_that_raises_leaves_all_timers_of_the_turn_to_fire_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(timer: Timer, state: Alarms) -> None:
        if timer.subject == "b":
            raise ValueError("a bug in the rule")
        ring(timer, state)

    broken = Domain.of("availability", Alarms, (set_alarm,), timers={"alarm": fail})
    then = given(broken, asked("a", 2, 4), asked("b", 2, 4))
    with pytest.raises(ValueError, match="a bug in the rule"):
        then.clock(hour(2))
    assert (rang(then), sorted(then.rows("timers"))) == ((), ["alarm/a", "alarm/b"])
    monkeypatch.setitem(broken.timers, "alarm", ring)
    assert rang(then.clock(hour(2))) == ("a", "b")


def test_a_backlog_fires_bit_by_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "AT_ONCE", 2)
    then = given(DOMAIN, *(asked(name, 2, 4) for name in "abcde"))
    assert [rang(then.clock(hour(3))) for _ in range(3)] == [("a", "b"), ("a", "b", "c", "d"), ("a", "b", "c", "d", "e")]


def test_a_timer_whose_key_waits_behind_a_failed_event_waits_as_well_and_holds_nobody_up() -> None:
    held = {ROOM}
    then = given(DOMAIN, asked("a", 2, 4), asked("b", 3, 4, resource="room-2"))
    then._state.is_held = held.__contains__  # type: ignore[attr-defined]
    assert rang(then.clock(hour(4))) == ("b",)
    held.clear()
    assert rang(then.clock(hour(4))) == ("b", "a")


def test_what_is_set_and_cancelled_does_not_pile_up() -> None:
    bench = given(DOMAIN, asked("stays", 9, 10)).clock(MONDAY)
    for number in range(20 * SLACK):
        bench.when(asked("a", 8 + number / 1e6, 9), cancelled("a"))
    assert bench._state.views["timers"].remembered <= SLACK + 3  # type: ignore[attr-defined]
    assert rang(bench.clock(hour(9))) == ("stays",)


def test_a_domain_without_timers_sets_them_all_the_same_and_none_runs_out() -> None:
    then = given(DOMAIN.without_timers(), asked("a", 2, 4)).clock(hour(9))
    assert (rang(then), list(then.rows("timers"))) == ((), ["alarm/a"])
    assert not DOMAIN.without_timers().has_clock
    assert DOMAIN.has_clock


def test_rules_without_a_table_of_timers_are_refused() -> None:
    with pytest.raises(DomainError, match="declare `timers = TimerTable"):
        Domain.of("availability", State, (), timers={"alarm": ring})

"""Events at a steady rate. Time is a number that waiting and sending move."""

from __future__ import annotations

from bench.pacing import TICK_S, due


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += max(seconds, 0.0001)


def test_every_event_is_due_once_in_order_and_evenly_apart() -> None:
    clock = Clock()
    sent = list(due(200, 0.1, clock, clock.wait))
    assert [number for number, _ in sent] == list(range(20))
    assert [round(at - 100.0, 6) for _, at in sent] == [round(number / 200, 6) for number in range(20)]


def test_no_event_is_given_out_before_it_is_due_and_none_more_than_a_tick_late_to_who_is_quick() -> None:
    clock = Clock()
    for _, at in due(5_000, 0.5, clock, clock.wait):
        assert at - 1e-9 <= clock.now <= at + 2 * TICK_S


def test_who_was_held_up_gets_all_that_is_due_with_the_time_at_which_it_was() -> None:
    clock = Clock()
    events = due(100, 0.5, clock, clock.wait)
    assert next(events) == (0, 100.0)
    clock.now += 0.255
    overdue = [next(events) for _ in range(25)]
    assert clock.now == 100.255, "nobody waited for what was due already"
    assert [round(at, 6) for _, at in overdue] == [round(100 + number / 100, 6) for number in range(1, 26)]


def test_the_rate_holds_in_the_long_run_when_each_event_takes_its_time() -> None:
    clock = Clock()
    for _ in due(1_000, 1.0, clock, clock.wait):
        clock.now += 0.0008
    assert 0.99 <= clock.now - 100.0 <= 1.01

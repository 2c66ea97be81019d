"""The rules of windows, one by one. Seconds on event time; disorder 3, grace 2, idle 10."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from agents.windows import Counted, Hopping, Late, Once, Order, Session, Tumbling, Windows
from agents.windows.closing import AT_ONCE, close_due, retire
from agents.windows.kinds import BadWindow
from bench.windows.oracle import Event
from bench.windows.trial import SECOND, Sum, Sums, Trial, close, windows

if TYPE_CHECKING:
    from collections.abc import Callable

TEN = Tumbling(10 * SECOND)


def event(at: float, name: str = "", subject: str = "a") -> Event:
    return Event(name or f"at {at}", subject, int(at * SECOND), 1)


def row(trial: Trial, begin: int, subject: str = "a") -> Sum | None:
    return next((found for state in trial.states if (found := state.sums.get(f"{subject}|{begin * SECOND}"))), None)


def told(trial: Trial) -> list[tuple[int, int, int]]:
    """Of each closing: begin in seconds, how many, revision."""
    return [(one.begin // SECOND, one.count, one.revision) for one in trial.told]


def test_a_window_closes_when_the_watermark_has_passed_its_end_and_the_grace() -> None:
    trial = Trial(windows(TEN))
    trial.read([event(4), event(14.9)])  # the watermark: 11
    assert told(trial) == []
    trial.read([event(15)])  # 12: the end, 10, and a grace of 2
    assert told(trial) == [(0, 1, 1)]
    closed = row(trial, 0)
    assert closed is not None
    assert (closed.revision, closed.due) == (1, 0)


def test_within_disorder_and_grace_nothing_is_late() -> None:
    trial = Trial(windows(TEN, Late.COUNT))
    trial.read([event(14.9), event(9)])
    assert [(mark.late_kept, mark.late_dropped) for mark in trial.marks()].count((0, 0)) == len(trial.states)
    trial.read([event(15), event(8)])
    assert sum(mark.late_dropped for mark in trial.marks()) == 1


@pytest.mark.parametrize(
    ("late", "count", "closings"),
    [(Late.COUNT, 1, [(0, 1, 1)]), (Late.KEEP, 3, [(0, 1, 1)]), (Late.PUBLISH, 3, [(0, 1, 1), (0, 3, 2)])],
)
def test_what_becomes_of_late_events_is_the_declarations_choice(
    late: Late, count: int, closings: list[tuple[int, int, int]]
) -> None:
    trial = Trial(windows(TEN, late))
    trial.read([event(4), event(15), event(5), event(6)])
    trial.read([event(17)])  # the watermark is 14: a grace after the late ones
    kept = row(trial, 0)
    assert kept is not None
    assert (kept.count, told(trial)) == (count, closings)
    assert sum(mark.late_kept + mark.late_dropped for mark in trial.marks()) == 2


def test_two_late_events_are_one_revision_and_its_id_says_which() -> None:
    trial = Trial(windows(TEN))
    trial.read([event(4), event(15), event(5), event(6), event(17)])
    ids = [one.metadata.event_id for one in trial.told]
    again = Trial(windows(TEN))
    for one in [event(4), event(15), event(5), event(6), event(17)]:
        again.read([one])
    assert ids == [one.metadata.event_id for one in again.told]
    assert len(set(ids)) == 2


def test_the_watermark_never_goes_back() -> None:
    trial = Trial(windows(TEN))
    trial.read([event(100), event(5)])
    assert max(mark.at for mark in trial.marks()) == 97 * SECOND


def test_a_silent_partition_goes_on_with_the_clock_and_a_busy_one_does_not() -> None:
    trial = Trial(windows(TEN))
    trial.read([event(4)])
    trial.tick(1_000 * SECOND)  # it has just been heard
    trial.read([event(5)])
    trial.tick(1_009 * SECOND)
    trial.tick(1_018 * SECOND)
    assert told(trial) == []
    trial.tick(1_019 * SECOND)
    assert told(trial) == [(0, 2, 1)]
    assert max(mark.at for mark in trial.marks()) == (1_019 - 10 - 3) * SECOND


def test_silence_closes_nothing_that_has_not_ended() -> None:
    trial = Trial(windows(TEN))
    trial.read([event(4)])
    for second in (0, 10, 24):  # idle and disorder behind 24 is 11
        trial.tick(second * SECOND)
    assert told(trial) == []
    assert all(state.derived for state in trial.states)
    trial.tick(25 * SECOND)
    assert told(trial) == [(0, 1, 1)]


def test_one_event_closes_a_bounded_number_and_the_clock_the_others() -> None:
    trial = Trial(windows(TEN))
    trial.read([event(4, f"{number}", f"subject {number}") for number in range(4 * AT_ONCE)])
    trial.read([event(30, "late", "subject 0")])
    assert len(told(trial)) == AT_ONCE
    trial.wait(0)
    assert len({(one.subject, one.begin) for one in trial.told}) == 4 * AT_ONCE + 1


def test_a_window_is_deleted_after_its_retention_and_what_comes_for_it_then_is_counted_as_dropped() -> None:
    trial = Trial(windows(TEN, retention=50))
    trial.read([event(4), event(62.9)])
    trial.tick(70 * SECOND)
    assert row(trial, 0) is not None  # the watermark is 59
    trial.read([event(63)])
    trial.tick(70 * SECOND)
    assert row(trial, 0) is None
    trial.read([event(5)])
    assert row(trial, 0) is None
    assert sum(mark.late_dropped for mark in trial.marks()) == 1


def test_a_time_far_ahead_deletes_nothing_before_the_clock_says_so() -> None:
    trial = Trial(windows(TEN, retention=50))
    trial.read([event(4), event(1_000_000, "a wrong time")])
    trial.tick(59 * SECOND)
    assert row(trial, 0) is not None
    trial.tick(60 * SECOND)
    assert row(trial, 0) is None


def test_a_time_far_ahead_holds_up_no_window_and_closes_none_early_be_it_the_first_after_a_takeover() -> None:
    trial = Trial(windows(TEN))
    trial.read([event(3)], written_at=3 * SECOND)
    trial.take_over()
    trial.read([event(1_000_000, "a wrong time"), event(4)], written_at=5 * SECOND)
    assert max(mark.at for mark in trial.marks()) == 5 * SECOND
    trial.tick(20 * SECOND)
    trial.read([event(9.9)], written_at=20 * SECOND)
    assert told(trial) == []
    trial.read([event(19)], written_at=20 * SECOND)
    assert told(trial) == [(0, 3, 1)]
    assert sum(mark.late_kept + mark.late_dropped for mark in trial.marks()) == 0


def test_a_window_whose_closing_fails_is_still_due() -> None:
    def fail(*_: object) -> Sum:
        raise ValueError("a rule that is wrong")

    trial = Trial(dataclasses.replace(windows(TEN), close=fail))
    trial.read([event(4)])
    kept = next(trial.windows.of(state) for state in trial.states if state.sums.base)
    due = kept.closings.next
    kept.move_to(100 * SECOND)
    with pytest.raises(ValueError, match="a rule"):
        close_due(kept, 10)
    kept.state.discard()
    assert kept.closings.next == due


def test_no_window_is_deleted_before_it_was_told() -> None:
    trial = Trial(windows(TEN, retention=2))  # as short as the grace
    trial.read([event(4)])
    kept = next(trial.windows.of(state) for state in trial.states if state.sums.base)
    kept.move_to(100 * SECOND)
    retire(kept, 100 * SECOND, 1_000)
    assert row(trial, 0) is not None
    for second in (101, 102):
        trial.tick(second * SECOND)
    assert told(trial) == [(0, 1, 1)]
    trial.windows.on_time(200 * SECOND, kept.state)
    kept.move_to(200 * SECOND)
    trial.tick(200 * SECOND)
    assert row(trial, 0) is None


def test_what_a_handler_emits_is_caused_by_its_event_whatever_it_has_closed() -> None:
    trial = Trial(windows(TEN))
    trial.read([event(4)])
    state = next(state for state in trial.states if state.sums.base)
    state.event = at_hand = object()
    trial.windows.add(state, "a", 40 * SECOND, lambda found: found)
    assert (len(state.emitted), state.event) == (1, at_hand)


def test_an_amended_figure_is_never_late_and_closes_nothing_again() -> None:
    trial = Trial(windows(TEN))
    trial.read([event(4), event(15)])
    state = next(state for state in trial.states if state.sums.base)
    trial.windows.amend(state, "a", 0, lambda found: replace(found, total=found.total + 60))
    trial.windows.amend(state, "b", 0, lambda found: replace(found, total=found.total + 60))
    trial.read([event(40)])
    assert (told(trial), sum(mark.late_kept for mark in trial.marks())) == ([(0, 1, 1), (10, 1, 1)], 0)
    assert [state.sums.base[f"{name}|0"].total for name in "ab"] == [61, 60]


def test_a_failed_tick_leaves_everything_to_be_done_again() -> None:
    trial = Trial(windows(TEN, retention=50))
    trial.read([event(4), event(15), event(16)])
    state = next(state for state in trial.states if state.sums.base)
    before = dict(state.sums.base), dict(state.seen.base)
    trial.windows.of(state).note(at=400 * SECOND)
    state.watermarks.merge()
    for _ in range(2):
        trial.windows.on_time(400 * SECOND, state)
        trial.once.retire(state, 4_000_000 * SECOND)
        assert (state.sums.base, state.seen.base) == ({}, {})
        state.discard()
        assert (state.sums.base, state.seen.base) == before


def test_what_was_counted_is_remembered_as_long_as_the_latest_kind_wants() -> None:
    state, once = Sums("bench", {"sums": {}, "watermarks": {}, "sessions": {}, "seen": {}}), Once("seen", SECOND)
    assert once.first(state, "r-1", "asked", 50)
    assert once.first(state, "r-1", "cancelled", 20)
    assert not once.first(state, "r-1", "asked", 90)
    once.retire(state, 49)
    assert not once.first(state, "r-1", "cancelled", 90)
    once.retire(state, 50)
    assert once.first(state, "r-1", "asked", 50)


def test_a_row_that_does_not_say_until_when_is_kept_for_a_while() -> None:
    state, once = (
        Sums("bench", {"sums": {}, "watermarks": {}, "sessions": {}, "seen": {"r-1": Counted(kinds=("asked",))}}),
        Once("seen", 10),
    )
    once.retire(state, 100)
    assert state.seen.base["r-1"].until == 110
    once.retire(state, 109)
    assert "r-1" in state.seen
    once.retire(state, 110)
    assert "r-1" not in state.seen


def test_hints_are_given_out_earliest_first_and_within_the_limit() -> None:
    order = Order([(5, "a"), (3, "b"), (3, "c"), (9, "d")])
    assert (order.next, len(order)) == (3, 4)
    assert sorted(order.take(5, 2)) == ["b", "c"]
    assert (list(order.take(8, 10)), order.next) == (["a"], 9)


@pytest.mark.parametrize(
    "declare",
    [
        lambda: Tumbling(0),
        lambda: Hopping(10, 3),
        lambda: Hopping(10, 20),
        lambda: Session(0),
        lambda: windows(TEN, grace=5, retention=4),
        lambda: Windows("sums", Sum, Session(5), close, 10),
    ],
)
def test_a_declaration_that_cannot_work_says_so_at_once(declare: Callable[[], object]) -> None:
    with pytest.raises(BadWindow):
        declare()

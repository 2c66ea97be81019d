"""Whatever the order, the gaps, the duplicates and the accidents: the figures are those of the oracle, in rows and as told."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.windows import Hopping, Late, Session, Tumbling
from bench.windows.oracle import Event, Kind, expected
from bench.windows.trial import NEVER, SECOND, Trial, shuffled, windows

KINDS: list[Kind] = [Tumbling(10 * SECOND), Hopping(12 * SECOND, 4 * SECOND), Session(5 * SECOND)]
moments = st.one_of(st.integers(0, 40), st.integers(0, 400)).map(lambda half: half * SECOND // 2)
events = st.lists(
    st.builds(Event, st.integers(0, 40).map(str), st.sampled_from("abcd"), moments, st.integers(1, 9)), max_size=40
).map(lambda found: list({event.name: event for event in found}.values()))
accidents = st.lists(st.sampled_from(["read on", "fail", "take over", "tick", "silence"]), max_size=6)


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[Event]]:
    """Events in any order, some of them twice, cut into slices anyhow."""
    found = draw(events)
    again = draw(st.lists(st.sampled_from(found), max_size=8)) if found else []
    order = draw(st.permutations([*found, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=6)))
    return [order[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]


@settings(max_examples=400)
@given(st.sampled_from(KINDS), arrivals(), accidents)
def test_rows_and_what_was_told_last_are_the_oracles(kind: Kind, slices: list[list[Event]], between: list[str]) -> None:
    trial = Trial(windows(kind))
    shuffled(trial, slices, between)
    trial.wait(NEVER // 2)
    of_oracle = expected(kind, [event for events in slices for event in events])
    assert trial.rows() == of_oracle
    assert trial.finally_told() == of_oracle
    assert sum(mark.late_dropped for mark in trial.marks()) == 0


@given(st.sampled_from(KINDS), arrivals(), accidents)
def test_kept_figures_are_the_oracles_and_a_window_is_told_once(
    kind: Kind, slices: list[list[Event]], between: list[str]
) -> None:
    trial = Trial(windows(kind, Late.KEEP))
    shuffled(trial, slices, between)
    trial.wait(NEVER // 2)
    assert trial.rows() == expected(kind, [event for events in slices for event in events])
    if not isinstance(kind, Session):  # a session that grew at its begin is another one
        assert {told.revision for told in trial.told} <= {1}
        assert trial.finally_told().keys() == trial.rows().keys()


@given(st.sampled_from(KINDS[:2]), arrivals(), st.lists(st.sampled_from(["read on", "fail", "take over"]), max_size=6))
def test_what_is_only_counted_changes_nothing_that_was_told(kind: Kind, slices: list[list[Event]], between: list[str]) -> None:
    trial = Trial(windows(kind, Late.COUNT))
    shuffled(trial, slices, between)
    marks = trial.marks()
    trial.wait(NEVER // 2)
    assert Counter((told.subject, told.begin) for told in trial.told).keys() == trial.rows().keys()
    assert trial.finally_told() == trial.rows()
    assert len(trial.told) == len(trial.rows())
    all_of_them = expected(kind, [event for events in slices for event in events])
    counted, there = (sum(count for _, count, _ in figures.values()) for figures in (trial.rows(), all_of_them))
    assert there - counted == sum(mark.late_dropped for mark in marks)


@given(st.sampled_from(KINDS), arrivals(), st.lists(st.integers(0, 60), min_size=7, max_size=7), st.booleans())
def test_no_event_moves_a_watermark_beyond_when_it_was_written(
    kind: Kind, slices: list[list[Event]], pauses: list[int], takes_over: bool
) -> None:
    trial, written_at = Trial(windows(kind)), 0
    for events, pause in zip(slices, pauses, strict=False):
        written_at += pause * SECOND
        trial.read(events, written_at)
        assert max(mark.at for mark in trial.marks()) <= written_at
        if takes_over:
            trial.take_over()
    trial.wait(NEVER // 2)
    assert trial.rows() == trial.finally_told() == expected(kind, [event for events in slices for event in events])


@given(st.sampled_from(KINDS), arrivals(), accidents)
def test_after_the_retention_nothing_is_left(kind: Kind, slices: list[list[Event]], between: list[str]) -> None:
    trial = Trial(windows(kind, retention=500))
    shuffled(trial, slices, between)
    trial.wait(NEVER // 2)
    for subject in "abcd":  # partitions go on, so that their watermarks pass
        trial.read([Event(f"later {subject}", subject, NEVER, 1)])
    trial.tick(2 * NEVER)
    assert {begin for _, begin in trial.rows()} <= set(range(NEVER - 12 * SECOND, NEVER + SECOND, SECOND))
    assert all(row.until > NEVER for state in trial.states for row in state.seen.base.values())
    assert {len(state.sessions.base) for state in trial.states} <= {len(state.sums.base) for state in trial.states} | {0}
    assert trial.waiting() <= 2 * len(trial.rows())

"""Lag in seconds: how long the next record has waited, not how long it is since anything came."""

from __future__ import annotations

from agents.engine.lagging import MOST, Lagging
from tests.unit.engine.world import INPUT


def test_nothing_that_waits_is_no_lag_however_quiet_it_was() -> None:
    lagging = Lagging()
    lagging.note(INPUT, 5, 5, now=0)
    assert lagging.seconds(INPUT, 5, now=3_600) == 0
    lagging.note(INPUT, 5, 6, now=3_601)
    assert lagging.seconds(INPUT, 5, now=3_602) == 1, "not the hour of silence before it"


def test_it_is_counted_from_when_the_log_first_ended_behind_what_is_next() -> None:
    lagging = Lagging()
    for second in range(10):
        lagging.note(INPUT, 0, 100 * (second + 1), now=second)
    assert lagging.seconds(INPUT, 0, now=10) == 10
    assert lagging.seconds(INPUT, 450, now=10) == 6, "what was there by the fourth second is done"
    assert lagging.seconds(INPUT, 1_000, now=10) == 0


def test_what_had_waited_before_this_worker_began_is_known_by_the_last_record_that_was_read() -> None:
    lagging = Lagging()
    lagging.note(INPUT, 0, 1_000, now=0)
    lagging.read(INPUT, written_at=1_000.0)
    assert lagging.seconds(INPUT, 500, now=1, wall=8_200.0) == 7_200
    lagging.note(INPUT, 1_000, 1_001, now=2)
    assert lagging.seconds(INPUT, 1_000, now=3, wall=8_200.0) == 1, "the backlog is worked off"


def test_the_memory_of_a_partition_that_stands_still_is_bounded() -> None:
    lagging = Lagging()
    for second in range(10 * MOST):
        lagging.note(INPUT, 0, second + 1, now=second)
    assert len(lagging._ends[INPUT]) <= MOST + 1
    assert lagging.seconds(INPUT, 0, now=10 * MOST) == 10 * MOST


def test_with_its_partitions_it_forgets() -> None:
    lagging = Lagging()
    lagging.note(INPUT, 0, 7, now=0)
    lagging.forget()
    assert lagging.seconds(INPUT, 0, now=9) == 0

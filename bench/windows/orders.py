"""The same events in many orders, with duplicates, failures, takeovers and silence between them: always the oracle's figures."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, NamedTuple

from agents.windows import Hopping, Session, Tumbling
from bench.windows.oracle import Event, expected
from bench.windows.trial import NEVER, SECOND, Trial, shuffled, windows

if TYPE_CHECKING:
    from bench.windows.oracle import Kind

KINDS: tuple[Kind, ...] = (Tumbling(10 * SECOND), Hopping(12 * SECOND, 4 * SECOND), Session(5 * SECOND))
BETWEEN = ("read on", "fail", "take over", "tick", "silence")


class Tried(NamedTuple):
    """`mismatches`: orders in which a row, or what was told last of a window, was not the oracle's."""

    orders: int
    mismatches: int
    late_kept: int


def try_orders(count: int, seed: int) -> Tried:
    """So many orders, of each kind in turn."""
    rng, mismatches, late = Random(seed), 0, 0  # noqa: S311  # nothing is secret here
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        events = _events(rng)
        trial = Trial(windows(kind))
        shuffled(trial, _slices(rng, events), [rng.choice(BETWEEN) for _ in range(6)])
        trial.wait(NEVER // 2)
        wanted = expected(kind, events)
        mismatches += trial.rows() != wanted or trial.finally_told() != wanted
        late += sum(mark.late_kept for mark in trial.marks())
    return Tried(count, mismatches, late)


def _events(rng: Random) -> list[Event]:
    span = rng.choice((20, 60, 300))
    return [Event(str(n), rng.choice("abcdef"), rng.randrange(2 * span) * SECOND // 2, rng.randrange(1, 10)) for n in range(60)]


def _slices(rng: Random, events: list[Event]) -> list[list[Event]]:
    """Some come twice; the order is anything between almost sorted and none."""
    disorder = rng.choice((1, 10, 1_000)) * SECOND
    order = sorted([*events, *rng.sample(events, 10)], key=lambda event: event.at + rng.randrange(disorder))
    size = rng.randrange(1, 20)
    return [order[begin : begin + size] for begin in range(0, len(order), size)]

"""Which runs, in which order, with which seeds."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

from faults.catalogue import FAULTS
from faults.domains import AVAILABILITY, PROBE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from faults.catalogue import Fault

REAL_EVERY = 4  # of the seeds of a fault that can strike the real domain, too


class Planned(NamedTuple):
    """One run. The same fault and seed are the same run, whatever the plan around it."""

    number: int
    fault: Fault
    seed: int

    @property
    def mode(self) -> str:
        return AVAILABILITY if self.fault.real and self.seed % REAL_EVERY == 0 else PROBE


def plan(runs: int | None, seed: int, only: Iterable[str] = ()) -> list[Planned]:
    """In rounds: the first has each fault once, later ones those that have runs left. Fewer runs than faults: as many kinds.

    The first run of a fault has the plan's own seed, each later one the next. Raises KeyError for a name that is no fault.
    """
    chosen = [FAULTS[name] for name in only] or list(FAULTS.values())
    rng = random.Random(seed)  # noqa: S311  # a seed is what is wanted
    wanted = sum(fault.runs for fault in chosen) if runs is None else runs
    if wanted < len(chosen):
        chosen = rng.sample(chosen, wanted)
    picked = list(_rounds(chosen, wanted, seed, rng))
    return [Planned(number, fault, own) for number, (fault, own) in enumerate(picked, 1)]


def _rounds(chosen: list[Fault], wanted: int, seed: int, rng: random.Random) -> Iterator[tuple[Fault, int]]:
    left, turn = wanted, 0
    while left:
        due = [fault for fault in chosen if fault.runs > turn] or chosen
        rng.shuffle(due)
        due = due[:left]
        due.sort(key=lambda fault: fault.alone)  # those that need the servers to themselves come together
        yield from ((fault, seed + turn) for fault in due)
        left, turn = left - len(due), turn + 1

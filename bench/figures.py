"""From runs to figures: medians, spreads, and ratios of runs that were neighbours."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.catalogue import OURS, RAW, STREAMS
from bench.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.catalogue import Peer


class Run(NamedTuple):
    """What a peer said of one run. `seconds`, `cpu_s`: from the first record in hand to the last commit done."""

    seconds: float
    cpu_s: float
    events: int
    by_resource: int
    by_hour: int

    @property
    def events_per_s(self) -> float:
        return self.events / self.seconds

    @property
    def cpu_us_per_event(self) -> float:
        return self.cpu_s / self.events * 1e6


Runs = dict[str, list[Run]]

# Name in the figures, whose ratio to ours it is, and of what.
RATIOS = (
    ("ratio_to_raw", OURS, RAW, "events_per_s"),
    ("ratio_to_raw_interpreted", "ours-interpreted", RAW, "events_per_s"),
    ("ratio_to_stock_faust", OURS, "faust-stock", "events_per_s"),
    ("ratio_to_tuned_faust", OURS, "faust-tuned", "events_per_s"),
    ("ratio_to_quix", OURS, "quix", "events_per_s"),
    ("ratio_to_kafka_streams", OURS, STREAMS, "events_per_s"),
    ("ratio_to_kafka_streams_cpu", OURS, STREAMS, "cpu_us_per_event"),
    ("ratio_to_kafka_streams_memory", OURS, "kafka-streams-eos-memory", "events_per_s"),
    ("ratio_to_kafka_streams_memory_cpu", OURS, "kafka-streams-eos-memory", "cpu_us_per_event"),
)


def refuse_wrong_count(name: str, run: Run, events: int) -> None:
    """Raises Refused unless both tables hold every event once: a fold that loses or doubles some did other work."""
    for table, counted in (("by resource", run.by_resource), ("by resource and hour", run.by_hour)):
        if counted != events:
            raise Refused(f"{name} counted {counted:,} of {events:,} {table}")
    if run.events != events or run.seconds <= 0:
        raise Refused(f"{name} says that it folded {run.events:,} of {events:,} events in {run.seconds:.3f} s")


def turns(peers: Sequence[Peer], rounds: int) -> list[list[Peer]]:
    """Who runs when: each peer once a round, in their order, so that those whose ratio is asked for run in the same minute."""
    return [list(peers) for _ in range(rounds)]


def fold_figures(peers: Sequence[Peer], runs: Runs) -> dict[str, Any]:
    """The section `fold`: a dictionary for each peer that has a run."""
    return {peer.name: _of(peer, runs[peer.name]) for peer in peers if runs.get(peer.name)}


def _of(peer: Peer, runs: Sequence[Run]) -> dict[str, Any]:
    speeds, costs = [run.events_per_s for run in runs], [run.cpu_us_per_event for run in runs]
    return {
        "events_per_s": round(median(speeds)),
        "cpu_us_per_event": round(median(costs), 2),
        "events_per_s_min_max": [round(min(speeds)), round(max(speeds))],
        "cpu_us_per_event_min_max": [round(min(costs), 2), round(max(costs), 2)],
        "events": runs[0].events,
        "guarantee": peer.guarantee,
        "note": peer.note,
        "runs": [
            {
                "events_per_s": round(run.events_per_s),
                "cpu_us_per_event": round(run.cpu_us_per_event, 2),
                "seconds": round(run.seconds, 3),
            }
            for run in runs
        ],
    }


def ratios(runs: Mapping[str, Sequence[Run]]) -> dict[str, float]:
    """Ours over theirs, the median over the rounds. A ratio whose sides did not both run is left out."""
    return {
        name: round(median(getattr(a, figure) / getattr(b, figure) for a, b in zip(runs[ours], runs[theirs], strict=False)), 3)
        for name, ours, theirs, figure in RATIOS
        if runs.get(ours) and runs.get(theirs)
    }

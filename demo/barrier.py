"""Between two steps everybody waits until every group has worked through all there is, and what it emitted as well."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from api.lag import LagReader
from api.tally import read_tally
from contracts.topics import load_topics

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from api.lag import Lag

PAUSE_S = 0.05


class NotQuiet(Exception):
    """A group did not catch up in time; the message names it, its partition and its lag."""


class Barrier:
    """`patience`: seconds that a step may take to be worked through."""

    def __init__(self, brokers: str, patience: float = 90.0) -> None:
        self._brokers, self._reader = brokers, LagReader(brokers)
        self._patience = patience
        topics = load_topics()
        readers = sorted({reader for topic in topics for reader in topic.readers} - {"api"})
        self.reads = {f"bookly-{reader}": [topic.name for topic in topics if reader in topic.readers] for reader in readers}

    def wait(self, look: Callable[[], object]) -> None:
        """Return when no group has lag, seen twice: what one emits is another's work. Raises NotQuiet."""
        deadline = time.monotonic() + self._patience
        quiet = 0
        while quiet < 2:
            look()
            behind = [lag for lag in self.lags() if lag.messages]
            quiet = 0 if behind else quiet + 1
            if behind and time.monotonic() > deadline:
                worst = max(behind, key=lambda lag: lag.messages)
                raise NotQuiet(
                    f"{worst.group} is {worst.messages} records behind on {worst.topic} partition {worst.partition} after "
                    f"{self._patience:.0f} s; see its worker's log"
                )
            time.sleep(PAUSE_S)  # lag can only be asked for

    def lags(self) -> list[Lag]:
        return [lag for group, topics in self.reads.items() for lag in self._reader.read(group, topics)]

    def tallies(self) -> dict[str, Counter[str]]:
        """What each group did with its records, as it committed it with its offsets: applied, ignored, dead, repeats."""
        return {group: read_tally(self._brokers, group) for group in self.reads}

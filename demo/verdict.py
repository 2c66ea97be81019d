"""What was expected beside what was found, flow by flow. Equal figures with an unequal fact are no pass."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from demo.oracle.facts import FLOWS, sentence

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from demo.oracle.facts import Fact, Facts

SHOWN = 10


@dataclass(frozen=True)
class Verdict:
    """One flow. `found` counts the expected facts that are there, less those that nobody expected."""

    flow: str
    expected: int
    missing: Counter[Fact]
    unexpected: Counter[Fact]

    @property
    def found(self) -> int:
        return self.expected - self.missing.total() - self.unexpected.total()

    @property
    def right(self) -> bool:
        """A flow of which nothing was expected has not been checked: that is no pass either."""
        return self.expected > 0 and not self.missing and not self.unexpected

    def sentences(self) -> Iterator[str]:
        """The first differences of each kind."""
        for said, facts in (("expected, but not there", self.missing), ("there, but not expected", self.unexpected)):
            for fact in islice(facts.elements(), SHOWN):
                yield f"{self.flow}: {said}: {sentence(fact)}"
        if not self.expected:
            yield f"{self.flow}: nothing was expected: the week is too small to check it"


def verdicts(expected: Facts, found: Facts) -> list[Verdict]:
    """The five flows in their order."""
    return [Verdict(flow, expected[flow].total(), expected[flow] - found[flow], found[flow] - expected[flow]) for flow in FLOWS]

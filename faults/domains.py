"""The domain that a run puts under test: the probe or the real availability, under a name and on topics of its own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from agents import availability
from agents.domain import Domain
from faults import probe

if TYPE_CHECKING:
    from collections.abc import Mapping

PROBE, AVAILABILITY = "probe", "availability"
EMITS = {PROBE: "bookly.reports", AVAILABILITY: "bookly.availability"}
READ_FIRST = ("bookly.resources", "bookly.availability", "bookly.stockpile")  # the order in which a workload's phases use them


@dataclass(frozen=True)
class RunDomain(Domain):
    """A domain whose topics have other names than the catalogue's, so that runs beside each other share nothing."""

    renamed: Mapping[str, str] = field(default_factory=dict)

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(sorted(self.renamed[topic] for topic in super().topics))


def domain_of(name: str, mode: str) -> RunDomain:
    """Its group, tables, changelogs, dead letters and topics are all called after `name`."""
    handlers = (availability.DOMAIN if mode == AVAILABILITY else Domain.of(name, probe.ProbeState, probe.HANDLERS)).handlers
    state = availability.DOMAIN.state if mode == AVAILABILITY else probe.ProbeState
    plain = RunDomain(name, state, handlers)
    topics = {*Domain.topics.fget(plain), EMITS[mode]}  # type: ignore[attr-defined]  # a property, asked before the names are known
    return replace(plain, renamed={topic: topic.replace("bookly.", f"{name}.") for topic in topics})

"""What a group has done with a record, told from where it came: the rule by which its workers judge a replayed one, as far as it
can be seen from outside. Nobody keeps them from going on meanwhile, so it is how things stand, and they decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from api.parking import read_parked
from api.tables import read_log
from api.tally import read_reached

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.console.found import Found

Place = tuple[str, int, int]
Verdict = Literal["to apply", "applied", "waiting", "ahead"]
MEANS: Final[Mapping[Verdict, str]] = {
    "to apply": "given up by the group: it will be tried",
    "applied": "applied already, or passed over by a reset of offsets: it is skipped",
    "waiting": "it waits behind a failed event: release its key instead",
    "ahead": "the group has not come to it yet, and will by itself",
}


@dataclass(frozen=True)
class Standing:
    """Of one group. `reached`: its offset by topic and partition. `parked`, `given_up`: the places of records."""

    reached: Mapping[tuple[str, int], int]
    parked: frozenset[Place]
    given_up: frozenset[Place]

    def verdict(self, found: Found) -> Verdict:
        """What the group would do with it."""
        if found.offset >= self.reached.get((found.topic, found.partition), 0):
            return "ahead"
        place = found.topic, found.partition, found.offset
        if place in self.parked:
            return "waiting"
        return "to apply" if place in self.given_up else "applied"


def read_standing(brokers: str, domain: str) -> Standing:
    """As it is now. Raises BrokerUnavailable, UnknownTable."""
    reached = {place: found.offset for place, found in read_reached(brokers, f"bookly-{domain}").items()}
    parked = frozenset((one.topic, one.partition, one.offset) for one in read_parked(brokers, domain))
    return Standing(reached, parked, read_given_up(brokers, domain))


def read_given_up(brokers: str, domain: str) -> frozenset[Place]:
    """The places of what the group has given up. Raises BrokerUnavailable, UnknownTable."""
    found: set[Place] = set()
    for message in read_log(brokers, f"bookly-{domain}-given_up-changelog"):
        topic, partition, offset = (message.key() or b"").decode().rsplit("|", 2)
        place = topic, int(partition), int(offset)
        if message.value() is None:
            found.discard(place)
        else:
            found.add(place)
    return frozenset(found)

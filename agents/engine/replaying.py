"""Records that operators give a group once more: each is judged by the place that it came from, and applied at most once.

A replayed record lies on the group's replay topic with its key, value and headers, and with the place of its source. Where the
group has not come to that place it will by itself; what waits there is released, not replayed; what was given up is taken up
as if it arrived now; all else was applied. No handler has to bear a repeat for it (docs/decisions/0013).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import structlog
from faust.types import TP

from agents.engine.applying import say
from agents.engine.dead_letters import dead_letter
from agents.engine.decoding import Bad
from agents.engine.parking import Parked
from bookly.at_work import ids_of
from bookly.errors import MalformedBytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.domain import Domain
    from agents.engine.applying import Applying
    from agents.engine.decoding import Decoding
    from agents.engine.fetching import Fetched
    from agents.engine.ledger import GivenUp
    from agents.engine.parking import Place
    from agents.engine.partition import Partition

log = structlog.get_logger(__name__)
DIGITS = 19  # of the largest offset

Verdict = Literal["skipped", "ahead", "waiting", "given up"]


class Arrived(NamedTuple):
    """A replayed record as if it were read where it came from."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


def judge(partition: Partition, place: Place) -> Verdict:
    """What the group has done with the record from there, what it applied and has not committed yet included."""
    topic, number, offset = place
    if offset >= partition.done_up_to(TP(topic, number)):
        return "ahead"
    if partition.parking.has(place):
        return "waiting"
    return "given up" if place in partition.ledger else "skipped"


class Replaying:
    def __init__(self, domain: Domain, decoding: Decoding, applying: Applying) -> None:
        self._domain, self._decoding, self._applying = domain, decoding, applying
        self._topics = frozenset(domain.topics)

    async def obey(self, partition: Partition, tp: TP, records: Sequence[Fetched]) -> None:
        """Judge each in order. One that does not say where it came from is a dead letter of its own place."""
        for record in records:
            try:
                place = self._source(tp, record)
            except MalformedBytes as error:
                bad = Bad("MALFORMED", error)
                say(tp, record, bad)
                partition.merge([dead_letter(self._domain, tp, record, bad, None)])
                partition.tally(tp, dead=1)
            else:
                partition.tally(tp, **{await self._replay(partition, place, record): 1})

    async def _replay(self, partition: Partition, place: Place, record: Fetched) -> str:
        """What became of it, as it is counted."""
        verdict = judge(partition, place)
        entry = partition.ledger.take(place) if verdict == "given up" else None
        if entry is None:
            return verdict
        arrived = Arrived(place[2], record.timestamp, record.key, record.value, record.headers)
        return await self._arrive(partition, TP(*place[:2]), arrived, entry)

    async def _arrive(self, partition: Partition, tp: TP, record: Arrived, entry: GivenUp) -> str:
        """As a record that comes from its source now, only that the fuse is not asked: people wanted it tried."""
        decoded = await self._decoding.decode([record.value])
        event, bad = decoded.events[0], decoded.bad.get(0)
        is_handled = bad is not None or type(event) in self._domain.handlers
        sequence = partition.parking.reserve(1)
        if is_handled and record.key is not None and record.key in partition.parking:
            partition.parking.put(Parked.of(tp, record, sequence, 0))
            self._applying.check_room(partition)
            return "waiting"
        bad = bad or self._applying.try_one(partition, tp, record, event, record.timestamp * 1000)
        if bad is None:
            place = {"topic": tp.topic, "partition": tp.partition, "offset": record.offset}
            log.info("replayed", **place, **ids_of(record.headers))
            return "applied"
        self._applying.fail(partition, tp, record, bad, event, sequence, entry.attempt + 1)
        self._applying.check_room(partition)
        return "dead"

    def _source(self, tp: TP, record: Fetched) -> Place:
        """Raises MalformedBytes for a record that says none, or one that no record of this partition can have come from."""
        _, topic, partition, offset = (_only(record, name) for name in ("id", "topic", "partition", "offset"))
        name = topic.decode(errors="replace")
        if name not in self._topics:
            raise MalformedBytes(f"{name!r:.80} is no topic of events that {self._domain.group} reads")
        place = name, _number("partition", partition), _number("offset", offset)
        if place[1] != tp.partition:
            raise MalformedBytes(f"it came from partition {place[1]} and was replayed to {tp.partition}: keys would mix")
        return place


def _only(record: Fetched, name: str) -> bytes:
    found = [value for header, value in record.headers if header == f"replay.{name}"]
    if len(found) != 1:
        raise MalformedBytes(f"it has {len(found) or 'no'} header{'s' * (len(found) > 1)} replay.{name}")
    return found[0]


def _number(name: str, text: bytes) -> int:
    if not text.isdigit() or len(text) > DIGITS:
        raise MalformedBytes(f"replay.{name} is {text!r:.40}: it must be a whole number")
    return int(text)

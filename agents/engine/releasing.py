"""What operators tell a group: try what waits of a key again, or skip the record that failed.

A command is a record on the group's control topic: its key is the key to release (any bytes), its value says what to do and
who wants it, and names the head that they saw: the failed record's place in line and how often it has failed. Where another is
the head by now (the command came twice, or somebody was quicker) it is refused: nobody looked at what it would drop. It is
applied once, in one transaction with what the released records change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
import structlog
from faust.types import TP

from agents.engine.applying import say
from agents.engine.dead_letters import dead_letter, failure_of
from agents.engine.decoding import Bad
from agents.engine.ledger import GivenUp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.domain import Domain
    from agents.engine.applying import Applying
    from agents.engine.decoding import Decoding
    from agents.engine.fetching import Fetched
    from agents.engine.parking import Parked
    from agents.engine.partition import Partition

log = structlog.get_logger(__name__)


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`retry`: the failed record again, then those behind it. `skip`: it stays a dead letter; those behind it go on."""

    act: Literal["retry", "skip"]
    by: str
    sequence: int
    attempt: int
    why: str = ""


class Releasing:
    def __init__(self, domain: Domain, decoding: Decoding, applying: Applying) -> None:
        self._domain, self._decoding, self._applying = domain, decoding, applying

    async def obey(self, partition: Partition, tp: TP, records: Sequence[Fetched]) -> None:
        """Carry out commands in order. One that is none is logged and becomes a dead letter."""
        for record in records:
            try:
                command = msgspec.json.decode(record.value or b"", type=Command)
            except msgspec.DecodeError as error:  # a ValidationError is one
                bad = Bad("MALFORMED", error)
                say(tp, record, bad)
                partition.merge([dead_letter(self._domain, tp, record, bad, None)])
                partition.tally(tp, dead=1)
            else:
                partition.state.written_at = record.timestamp * 1000  # what it releases was written before
                await self._carry_out(partition, record.key or b"", command)
                partition.tally(tp, applied=1)

    async def _carry_out(self, partition: Partition, key: bytes, command: Command) -> None:
        waiting = partition.parking.behind(key)
        head = (waiting[0].sequence, waiting[0].attempt) if waiting else None
        named = (command.sequence, command.attempt)
        about = {"key": str(key), "act": command.act, "by": command.by, "why": command.why}
        if head != named:
            log.warning("not the head", **about, named=named, head=head)
            return
        if command.act == "skip":
            self._give_up(partition, waiting[0], command.by)
            waiting = waiting[1:]
        released = await self._release(partition, waiting)
        log.info("released", **about, records=released)

    def _give_up(self, partition: Partition, head: Parked, by: str) -> None:
        """It stays a dead letter, and nothing waits for it: only a replay takes it up again."""
        partition.parking.drop(head)
        partition.ledger.add(head.place, GivenUp.of(head.key, head.failure, by, head.attempt))

    async def _release(self, partition: Partition, waiting: Sequence[Parked]) -> int:
        released = 0
        for parked in waiting:
            if not await self._again(partition, parked):
                break
            partition.parking.drop(parked)
            released += 1
        return released

    async def _again(self, partition: Partition, parked: Parked) -> bool:
        tp, attempt = TP(parked.topic, parked.partition), parked.attempt + 1
        decoded = await self._decoding.decode([parked.value])
        event = decoded.events[0]
        bad = decoded.bad.get(0) or self._applying.try_one(partition, tp, parked, event, partition.state.written_at)
        if bad is None:
            partition.tally(tp, released=1)
            return True
        say(tp, parked, bad, event)
        partition.merge([dead_letter(self._domain, tp, parked, bad, event, attempt)])
        partition.parking.put(parked._replace(attempt=attempt, failure=failure_of(self._domain, bad, event)))
        partition.tally(tp, dead=1)
        return False

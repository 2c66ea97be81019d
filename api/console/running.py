"""A replay's run: each selected record once, in order, into its target, however often the run is killed and taken up again.

Records and the offsets up to which the source was worked off are one transaction. Its offsets are those of a consumer group of
its own, whose lag is the work left, and their metadata count what was produced. Whoever takes a run up fences who ran it.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from api.console import guards, hygiene, plans
from api.console.found import Span
from api.console.matching import Matcher
from api.console.reading import found, read
from api.console.sifting import Sieve
from api.tally import read_reached
from bookly.errors import BooklyError, BrokerUnavailable
from bookly.tracing import active_tracer
from bookly.transport import librdkafka_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from confluent_kafka import Message

    from api.console.decoding import Decoding
    from api.console.plans import Plan

PATIENCE_S: Final = 20.0
AT_ONCE: Final = 2_000  # records of the source a transaction
PART_S: Final = 0.25  # of a second's rate at most in a transaction, so that a pause is heard
LOOK_S: Final = 0.5  # how often it is asked whether somebody has paused or stopped it
_FENCED: Final = {KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH}  # noqa: SLF001


class TakenUp(BooklyError):
    """Another process runs the replay by now."""


class Run:
    """`told` is called with how many offsets of the source are worked off, and how many records were produced, in all.

    `letting_go`: this process ends; another may take it up.
    """

    def __init__(
        self,
        brokers: str,
        plan: Plan,
        decoding: Decoding,
        told: Callable[[int, int], None] = lambda *_: None,
        letting_go: Callable[[], bool] = lambda: False,
    ) -> None:
        self._brokers, self._plan, self._told, self._letting_go = brokers, plan, told, letting_go
        self._matcher = Matcher(plan.selection, decoding, personal=True)  # who planned it might ask
        self._sieve = Sieve(plan.selection, self._matcher)
        self._produced: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._reached = {(span.topic, span.partition): span.first for span in plan.spans}
        self._paced = self._looked = 0.0
        self._tracer = active_tracer()

    def through(self) -> Plan:
        """Until its end, or until somebody pauses or stops it: the plan as it is kept by then.

        What is done is done once, and a run goes on there. Raises TakenUp, Refused, WrongState, BrokerUnavailable,
        RegistryUnavailable.
        """
        try:
            return self._run()
        except KafkaException as error:
            if error.args[0].code() in _FENCED:
                raise TakenUp(f"another process runs replay {self._plan.id} by now: it goes on there.") from None
            raise BrokerUnavailable(self._brokers, PATIENCE_S, error.args[0].str()) from error

    @property
    def produced(self) -> int:
        return sum(self._produced.values())

    def _run(self) -> Plan:
        producer = Producer(
            {
                **librdkafka_settings(self._brokers),
                "transactional.id": self._plan.consumer_group,
                "compression.type": "lz4",
                "linger.ms": 5,
                "queue.buffering.max.messages": 2 * AT_ONCE,
            }
        )
        producer.init_transactions(PATIENCE_S)
        self._take_up()
        self._plan = self._begin()
        member = Consumer({**librdkafka_settings(self._brokers), "group.id": self._plan.consumer_group})
        try:
            group = member.consumer_group_metadata()
            for part in self._parts():
                sent = self._replay(producer, group, part)
                if not self._goes_on(sent):
                    return self._plan
            self._finish(producer, group)
        finally:
            member.close()
        self._look()  # who pauses or stops it now is heard: all is replayed, and a resume would find nothing left
        if self._plan.state != "running":
            return self._plan
        return plans.step(self._brokers, self._plan.id, "finished", replayed=self.produced)

    def _begin(self) -> Plan:
        """Raises Refused, WrongState."""
        begun = self._plan.state in {"running", "paused"}
        before = self._plan.before if begun else _before(self._brokers, self._plan)
        return plans.step(self._brokers, self._plan.id, "running", guards.refuse_second, before=before)

    def _take_up(self) -> None:
        """Where the last transaction left it."""
        for place, at in read_reached(self._brokers, self._plan.consumer_group).items():
            self._reached[place], self._produced[place] = at.offset, at.tally["produced"]

    def _parts(self) -> Iterator[Sequence[Message]]:
        rate = self._plan.rate
        size = min(AT_ONCE, max(1, int(rate * PART_S))) if rate else AT_ONCE
        spans = [
            Span(span.topic, span.partition, self._reached[span.topic, span.partition], span.end) for span in self._plan.spans
        ]
        for batch in read(self._brokers, spans):
            for first in range(0, len(batch), size):
                yield batch[first : first + size]

    def _replay(self, producer: Producer, group: object, part: Sequence[Message]) -> int:
        """How many records were produced."""
        producer.begin_transaction()
        sent = 0
        for message in self._sieve(part):
            one = found(message)
            if self._matcher.meets(one) and not hygiene.was_replayed(one):
                headers: Any = hygiene.replayed(one, self._plan.id, self._tracer)
                while True:
                    try:
                        producer.produce(self._plan.target, one.value, one.key, one.partition, headers=headers)
                        break
                    except BufferError:
                        producer.poll(0.1)
                self._produced[one.topic, one.partition] += 1
                sent += 1
        for message in part:
            self._reached[message.topic() or "", message.partition() or 0] = (message.offset() or 0) + 1
        self._commit(producer, group, {(message.topic() or "", message.partition() or 0) for message in part})
        self._told(self.worked_off, self.produced)
        return sent

    @property
    def worked_off(self) -> int:
        """Offsets of the source."""
        return sum(self._reached[span.topic, span.partition] - span.first for span in self._plan.spans)

    def _commit(self, producer: Producer, group: object, places: set[tuple[str, int]]) -> None:
        offsets = [
            TopicPartition(*place, self._reached[place], metadata=json.dumps({"produced": self._produced[place]}))
            for place in places
        ]
        producer.send_offsets_to_transaction(offsets, group, PATIENCE_S)
        producer.commit_transaction(PATIENCE_S)

    def _finish(self, producer: Producer, group: object) -> None:
        """Where markers stand at a span's end, nothing is left either."""
        for span in self._plan.spans:
            self._reached[span.topic, span.partition] = span.end
        producer.begin_transaction()
        self._commit(producer, group, {(span.topic, span.partition) for span in self._plan.spans})
        self._told(self.worked_off, self.produced)

    def _goes_on(self, sent: int) -> bool:
        """Once the rate allows the next; False as soon as somebody has paused or stopped it, or this process ends."""
        if self._plan.rate:
            self._paced = max(self._paced, time.monotonic()) + sent / self._plan.rate
        while True:
            if time.monotonic() - self._looked > LOOK_S:
                self._look()
            if self._letting_go() or self._plan.state != "running":
                return False
            left = self._paced - time.monotonic()
            if left <= 0:
                return True
            time.sleep(min(left, LOOK_S / 2))

    def _look(self) -> None:
        self._looked = time.monotonic()
        self._plan = plans.plan_of(self._brokers, self._plan.id)


def _before(brokers: str, plan: Plan) -> dict[str, int]:
    """What the group had counted of its replay topic when the run began."""
    return dict(tally_of(brokers, plan)) if plan.group else {}


def tally_of(brokers: str, plan: Plan) -> dict[str, int]:
    """What the group has counted of its replay topic so far. Raises BrokerUnavailable."""
    total: defaultdict[str, int] = defaultdict(int)
    for (topic, _), at in read_reached(brokers, f"bookly-{plan.group}").items():
        if topic == plan.target:
            for name, many in at.tally.items():
                total[name] += many
    return dict(total)


def produced_by(brokers: str, plan: Plan) -> int:
    """How many records a replay has produced so far, as its last transaction says. Raises BrokerUnavailable."""
    return sum(at.tally["produced"] for at in read_reached(brokers, plan.consumer_group).values())

"""Reads stretches of topics as they are: committed records alone, by no consumer group, nothing of anybody's moved."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # its documented home

from api.console.found import Found, Span
from api.console.selection import Unselectable
from bookly.errors import BrokerUnavailable
from bookly.transport import admin_client, librdkafka_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from confluent_kafka.admin import AdminClient

    from api.console.selection import Selection

PATIENCE_S: Final = 10.0
PAUSE_S: Final = 0.2
AT_ONCE: Final = 5_000
_NO_LEADER: Final = {  # a topic that was just made, or a broker that went away: it has one in a moment
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}


def spans_of(brokers: str, selection: Selection) -> list[Span]:
    """The offsets that a selection means now: from the first that is kept to the last that is committed, less what it leaves out.

    `since` begins where the broker has the first record of that time or later: all before it are earlier, in whatever order a
    topic keeps its producers' times. Nothing is as sure of `until`, as an earlier record may lie behind a later one: it is a
    condition, met record by record, as `since` is from there on.
    Raises Unselectable for a topic or partition that there is not, BrokerUnavailable after ten seconds.
    """
    admin = admin_client(brokers)
    places = places_of(admin, brokers, selection)
    first, end = (offsets_of(admin, brokers, places, spec) for spec in (OffsetSpec.earliest(), OffsetSpec.latest()))  # type: ignore[no-untyped-call]
    times = {} if selection.since is None else offsets_of(admin, brokers, places, OffsetSpec.for_timestamp(selection.since))
    spans = []
    for place in places:
        begin, last = first[place], end[place]
        if place in times:
            begin = last if times[place] < 0 else max(begin, times[place])  # the broker says -1 where none is that late
        if selection.first is not None:
            begin = max(begin, selection.first)
        if selection.end is not None:
            last = min(last, selection.end)
        if begin < last:
            spans.append(Span(place.topic, place.partition, begin, last))
    return spans


def offsets_of(admin: AdminClient, brokers: str, places: Sequence[TopicPartition], spec: OffsetSpec) -> dict[TopicPartition, int]:
    """As the broker says for readers of what is committed. Raises BrokerUnavailable."""
    until = time.monotonic() + PATIENCE_S
    while places:
        try:
            asked = admin.list_offsets(
                dict.fromkeys(places, spec), isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=PATIENCE_S
            )
            return {place: int(future.result().offset) for place, future in asked.items()}
        except KafkaException as error:
            if error.args[0].code() not in _NO_LEADER or time.monotonic() > until:
                raise BrokerUnavailable(brokers, PATIENCE_S, error.args[0].str()) from error
        time.sleep(PAUSE_S)
    return {}


def read(brokers: str, spans: Sequence[Span], progress: Callable[[int], None] = lambda _: None) -> Iterator[list[Any]]:
    """All records of the spans, each partition in order, as batches of confluent-kafka messages. `progress` is told by how many
    offsets it went on.

    What retention has deleted since the spans were made is passed over. Raises BrokerUnavailable when the broker falls silent.
    """
    consumer = Consumer(
        {
            **librdkafka_settings(brokers),
            "group.id": "bookly-console-reader",  # of which nothing is ever committed
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 10,
            "auto.offset.reset": "earliest",
            "queued.max.messages.kbytes": 65_536,
        }
    )
    left = {(span.topic, span.partition): span for span in spans if span.offsets}
    reached = {place: span.first for place, span in left.items()}
    try:
        consumer.assign([TopicPartition(span.topic, span.partition, span.first) for span in left.values()])
        while left:
            batch = _next(consumer, brokers)
            wanted = [message for message in batch if message.error() is None]
            furthest = {(message.topic(), message.partition()): message.offset() + 1 for message in wanted}
            if len(wanted) < len(batch):
                for place, offset in _ends(batch, brokers):
                    furthest[place] = max(offset, furthest.get(place, 0))
            cut, went = [place for place, offset in furthest.items() if place not in left or offset > left[place].end], 0
            if cut:
                wanted = [one for one in wanted if (span := left.get((one.topic(), one.partition()))) and one.offset() < span.end]
            for place in furthest.keys() & left.keys():
                offset = min(furthest[place], left[place].end)
                went += offset - reached[place]
                reached[place] = offset
                if offset == left[place].end:  # where markers stand at the end, what lies behind tells it, or that nothing does
                    del left[place]
                    consumer.incremental_unassign([TopicPartition(*place)])
            progress(went)
            if wanted:
                yield wanted
    finally:
        consumer.close()


def found(message: Any) -> Found:
    """A message as the console knows records."""
    headers = tuple((name, value or b"") for name, value in message.headers() or ())
    return Found(
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        message.value(),
        headers,
    )


def _ends(batch: Sequence[Any], brokers: str) -> Iterator[tuple[tuple[str, int], int]]:
    """Where partitions are said to have no more. Raises BrokerUnavailable for whatever else is no record."""
    for message in batch:
        error = message.error()
        if error is None:
            continue
        if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001  # the client's public name for it
            raise BrokerUnavailable(brokers, PATIENCE_S, error.str())
        yield (message.topic(), message.partition()), message.offset()


def places_of(admin: AdminClient, brokers: str, selection: Selection) -> list[TopicPartition]:
    """The partitions that a selection names. Raises Unselectable, BrokerUnavailable."""
    try:
        known = admin.list_topics(timeout=PATIENCE_S).topics
    except KafkaException as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, error.args[0].str()) from error
    places = []
    for topic in dict.fromkeys(selection.topics):
        if topic not in known:
            near = ", ".join(sorted(name for name in known if not name.startswith("__")))
            raise Unselectable(f"there is no topic {topic!r}; there are: {near}")
        there = sorted(known[topic].partitions)
        if wrong := set(selection.partitions) - set(there):
            raise Unselectable(f"{topic} has the partitions {there[0]} to {there[-1]}, and no {min(wrong)}")
        places += [TopicPartition(topic, number) for number in selection.partitions or there]
    return places


def _next(consumer: Consumer, brokers: str) -> list[Any]:
    """At least one message, and whatever else is there: `consume` alone would wait for its batch to fill."""
    first = consumer.poll(PATIENCE_S)
    if first is None:
        raise BrokerUnavailable(brokers, PATIENCE_S, "it fell silent while a topic was read")
    return [first, *consumer.consume(AT_ONCE - 1, 0)]

"""The log once more, from its begin up to where the live rows have seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from agents.rebuild.snapshot import PATIENCE_S, Place, reading
from bookly.errors import BrokerUnavailable, MalformedBytes, UnknownSchema
from bookly.reading import decode_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from agents.rebuild.folding import Fold
    from bookly.registry import Registry

AT_ONCE = 5_000


def read_again(
    brokers: str,
    registry: Registry,
    folds: Mapping[int, Fold],
    upto: Mapping[Place, int],
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Every event below these offsets through the fold of its partition; how many. Raises BrokerUnavailable."""
    read = 0
    for place, value, offset, written_at in _records(brokers, upto, progress):
        try:
            event = decode_record(value, registry)[1]
        except (MalformedBytes, UnknownSchema) as error:
            folds[place[1]].failed.append(f"{place[0]} partition {place[1]} offset {offset}: {error}")
            continue
        folds[place[1]].apply(event, written_at)
        read += 1
    return read


def _records(
    brokers: str, upto: Mapping[Place, int], progress: Callable[[int], None]
) -> Iterator[tuple[Place, bytes | None, int, int]]:
    consumer = Consumer(reading(brokers))
    try:
        left = {place for place, offset in upto.items() if offset > 0}
        consumer.assign([TopicPartition(*place, 0) for place in left])
        while left:
            first = consumer.poll(PATIENCE_S)
            if first is None:
                raise BrokerUnavailable(brokers, PATIENCE_S, "it fell silent while the log was read")
            messages = [first, *consumer.consume(AT_ONCE, 0)]
            for message in messages:
                place, error, offset = (
                    (str(message.topic()), int(message.partition() or 0)),
                    message.error(),
                    message.offset() or 0,
                )
                if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001  # its public name
                    raise KafkaException(error)
                if error is None and offset < upto[place]:
                    yield place, message.value(), offset, message.timestamp()[1] * 1000
                if error is not None or offset >= upto[place] - 1:
                    left.discard(place)
            progress(len(messages))
    finally:
        consumer.close()

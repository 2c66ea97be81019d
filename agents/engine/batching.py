"""Records as the batches that a transaction writes: in Kafka's own form, known to the broker by owner, epoch and sequence."""

from __future__ import annotations

import sys
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.codec import lz4_encode
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agents.engine.outgoing import Outgoing

BATCH_BYTES = 256 * 1024
LEVEL = 1  # of lz4, librdkafka's own; aiokafka takes 9, which costs eight times the time for a tenth of the bytes
MAGIC, TRANSACTIONAL = 2, 1


class RecordBatch(NamedTuple):
    """Records of one partition."""

    place: TopicPartition
    data: bytes


def mend() -> None:
    """For all batches of the process: aiokafka's builder takes no level."""
    builders: Any = sys.modules[DefaultRecordBatchBuilder.__module__]  # its compiled ones, where they are there
    builders.lz4_encode = partial(lz4_encode, level=LEVEL)


def batches_of(records: Iterable[Outgoing], producer: tuple[int, int]) -> dict[TopicPartition, list[RecordBatch]]:
    """All records of a transaction, of each partition in order. `producer`: id and epoch; each epoch begins at sequence 0."""
    by_place: defaultdict[TopicPartition, list[Outgoing]] = defaultdict(list)
    for record in records:
        by_place[TopicPartition(record.topic, record.partition)].append(record)
    return {place: _filled(place, together, producer) for place, together in by_place.items()}


def _filled(place: TopicPartition, records: Sequence[Outgoing], producer: tuple[int, int]) -> list[RecordBatch]:
    """Each as full as it gets; a record that is larger than a batch has one of its own."""
    filled: list[RecordBatch] = []
    builder, sequence, number = None, 0, 0
    for record in records:
        if builder is None or builder.append(number, None, record.key, record.value, list(record.headers)) is None:
            if builder is not None:
                filled.append(RecordBatch(place, bytes(builder.build())))
                sequence += number
            builder = DefaultRecordBatchBuilder(
                MAGIC, DefaultRecordBatch.CODEC_LZ4, TRANSACTIONAL, *producer, sequence, BATCH_BYTES
            )
            builder.append(0, None, record.key, record.value, list(record.headers))
            number = 0
        number += 1
    if builder is not None:
        filled.append(RecordBatch(place, bytes(builder.build())))
    return filled

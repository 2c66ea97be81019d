"""What is taken of a fetch by batches is what aiokafka gives record by record, and reading goes on at the same offset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given
from hypothesis import strategies as st

from agents.engine.fetching import Unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

PLACE = TopicPartition("bookly.auth", 0)
LZ4 = 3


class Written(NamedTuple):
    """A batch: how many records, whether they are of a transaction, and how many offsets compaction has left out behind them."""

    records: int
    producer: int | None
    gap: int


WRITTEN = st.builds(Written, st.integers(1, 6), st.sampled_from([None, 7, 8]), st.integers(0, 3))


def log_of(batches: Sequence[Written]) -> tuple[bytes, int]:
    """Bytes as a broker sends them, and the offset behind them."""
    found, offset = b"", 0
    for written in batches:
        builder = DefaultRecordBatchBuilder(
            magic=2,
            compression_type=LZ4,
            is_transactional=int(written.producer is not None),
            producer_id=-1 if written.producer is None else written.producer,
            producer_epoch=0,
            base_sequence=0,
            batch_size=1 << 20,
        )
        for number in range(written.records):
            assert builder.append(number, 1_000 + number, b"key", b"%d" % (offset + number), []) is not None
        batch = bytearray(builder.build())
        batch[:8] = offset.to_bytes(8, "big")
        found += batch
        offset += written.records + written.gap
    return found, offset


def opened(kind: type[Any], log: bytes, at: int, aborted: Sequence[tuple[int, int]]) -> Any:
    return kind(PLACE, MemoryRecords(log), list(aborted), at, None, None, True, READ_COMMITTED)


@given(
    batches=st.lists(WRITTEN, max_size=8),
    at=st.integers(0, 20),
    aborted=st.sets(st.sampled_from([7, 8])),
    most=st.one_of(st.none(), st.integers(1, 9)),
)
def test_any_takes_give_the_records_and_the_positions_that_aiokafka_does(
    batches: list[Written], at: int, aborted: set[int], most: int | None
) -> None:
    log, end = log_of(batches)
    at = min(at, end)
    gone = [(producer, 0) for producer in aborted]
    ours, theirs = opened(Unpacked, log, at, gone), opened(PartitionRecords, log, at, gone)
    over = False
    while not over:
        found, over = ours.take(most)
        for record in found:
            expected = next(theirs)
            assert (record.offset, record.timestamp, record.key, record.value) == (
                *(expected.offset, expected.timestamp, expected.key, expected.value),
            )
        if not over:
            assert len(found) == most, "it stops only where it has what was asked for"
            assert ours.next_fetch_offset == theirs.next_fetch_offset
    assert next(theirs, None) is None
    assert ours.next_fetch_offset == theirs.next_fetch_offset


def test_a_batch_that_was_damaged_gives_no_record() -> None:
    log, _ = log_of([Written(3, None, 0), Written(3, None, 0)])
    damaged = bytearray(log)
    damaged[-1] ^= 1
    with pytest.raises(CorruptRecordException):
        opened(Unpacked, bytes(damaged), 0, []).take(None)

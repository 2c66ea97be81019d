"""What is taken of a fetch by batches is what aiokafka gives record by record, and reading goes on at the same offset."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from aiokafka import errors as Errors  # noqa: N812  # as aiokafka calls it
from aiokafka.consumer.fetcher import READ_COMMITTED, Fetcher, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given
from hypothesis import strategies as st

from agents.engine import fetching
from agents.engine.fetching import BatchConsumerThread, Look, Unpacked
from tests.unit.engine.fetchers import PLACE, Asking

if TYPE_CHECKING:
    from collections.abc import Sequence

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


class Answering:
    """A broker whose answer comes later by a while: this code for the partition, and no records."""

    _loop, _metadata_max_age_ms = None, 300_000

    def __init__(self, monkeypatch: pytest.MonkeyPatch, after_ms: int, code: int) -> None:
        self._after_ms, self._code, self.now = after_ms, code, 1_000
        monkeypatch.setattr(fetching, "now", lambda: self.now)

    async def send(self, _: int, request: Any) -> Any:
        self.now += self._after_ms
        [(topic, [(number, *_)])] = request.topics
        return SimpleNamespace(API_VERSION=4, topics=[(topic, [(number, self._code, 12, 12, [], b"")])])


async def asked_at(broker: Answering, *, position: int = 12, turns: int = 1) -> int | None:
    """What is noted of a partition that was asked about, at this position when the answer came."""
    asking = Asking(broker, position)
    for _ in range(turns):
        await asking.ask(12)
    return getattr(asking.state, "asked_at", None)


async def test_a_look_is_of_when_it_was_asked_for_however_late_its_answer_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await asked_at(Answering(monkeypatch, after_ms=7_200_000, code=0)) == 1_000
    assert await asked_at(Answering(monkeypatch, after_ms=100, code=0), turns=3) == 1_200


async def test_an_answer_that_is_not_taken_is_no_look(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await asked_at(Answering(monkeypatch, after_ms=1, code=Errors.UnknownTopicOrPartitionError.errno), turns=0) is None
    assert await asked_at(Answering(monkeypatch, after_ms=1, code=Errors.CorruptRecordException.errno)) is None
    assert await asked_at(Answering(monkeypatch, after_ms=1, code=0), position=13) is None


def test_every_fetch_goes_the_way_that_is_dated_and_the_last_look_says_it() -> None:
    assert "_proc_fetch_request" in Fetcher._fetch_requests_routine.__code__.co_names
    state = SimpleNamespace(asked_at=1_000, timestamp=9_000, highwater=12)
    tps = SimpleNamespace(tps={PLACE}, state_value=lambda _: state)
    consumer = SimpleNamespace(_subscription=SimpleNamespace(subscription=SimpleNamespace(assignment=tps)))
    thread = SimpleNamespace(_ensure_consumer=lambda: consumer)
    assert BatchConsumerThread.last_look(thread, PLACE) == Look(1_000, 12)  # type: ignore[arg-type]
    del state.asked_at
    assert BatchConsumerThread.last_look(thread, PLACE) is None  # type: ignore[arg-type]

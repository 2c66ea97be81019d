"""However a broker refuses, forgets to answer or moves its partitions: each record of a transaction is there once, in order."""

from __future__ import annotations

import struct
from collections import defaultdict
from dataclasses import dataclass, field
from io import BytesIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import (
    BrokerResponseError,
    CoordinatorLoadInProgressError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    NodeNotReadyError,
    TransactionalIdAuthorizationFailed,
)
from aiokafka.protocol.transaction import InitProducerIdRequest
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.structs import OffsetAndMetadata
from hypothesis import given
from hypothesis import strategies as st

from agents.engine import batching, protocol, transactions
from agents.engine.outgoing import Outgoing
from agents.engine.refusing import REPEATED, NotPermittedError, OldProtocolError, RefusedError
from agents.engine.transactions import Transactions

if TYPE_CHECKING:
    from collections.abc import Iterable

FENCED, LEADER_MOVED, WAIT = 90, 6, 51
PLACE = TopicPartition("in", 1)
# What becomes of a request: it is taken, it is taken and the answer is lost, it is refused for now, it never arrives.
FATES = ("taken", "answer lost", "refused", "lost")


@dataclass
class Broker:
    """One that knows each batch by its sequence, as Kafka does. `fates`: of the next requests; then all are taken."""

    fates: list[str] = field(default_factory=list)
    log: dict[tuple[str, int], list[bytes]] = field(default_factory=lambda: defaultdict(list))
    epoch: int = 0
    level: int = 2
    code: int = 0  # what it answers for good, if not 0
    sent: dict[str, Any] = field(default_factory=dict)
    lookups: list[Exception] = field(default_factory=list)  # what becomes of the next ones

    def __post_init__(self) -> None:
        self.cluster = SimpleNamespace(leader_for_partition=lambda place: place.partition % 2)

    async def bootstrap(self) -> None: ...
    async def close(self) -> None: ...
    async def force_metadata_update(self) -> None: ...
    async def add_topic(self, topic: str) -> None: ...

    def get_random_node(self) -> int:
        return 0

    async def coordinator_lookup(self, *_: Any) -> int:
        if self.lookups:
            raise self.lookups.pop(0)
        return 1

    async def send(self, _node: int, request: Any, *, group: int = 0) -> Any:
        fate = self.fates.pop(0) if self.fates else "taken"
        if fate == "lost":
            raise NodeNotReadyError
        answer = self._answer(request, 0 if fate != "refused" else LEADER_MOVED)
        if fate == "answer lost":
            raise KafkaConnectionError
        return answer

    def _answer(self, request: Any, refusal: int) -> Any:
        code = self.code or refusal
        match request:
            case protocol.Features():
                return protocol.Versions(0, [], 0, {2: features(self.level)})
            case protocol.Produce():
                return protocol.Produced(
                    [(topic, [self._produce(topic, one, code) for one in parts], {}) for topic, parts, _ in request.topics], 0, {}
                )
            case protocol.SendOffsets():
                if not code:
                    self.sent = {topic: parts for topic, parts, _ in request.topics}
                return protocol.OffsetsSent(
                    0, [(topic, [(one[0], code, {}) for one in parts], {}) for topic, parts, _ in request.topics], {}
                )
            case protocol.End():
                self.epoch += not code and request.producer_epoch == self.epoch  # a repeated one is told the same
                return protocol.Ended(0, code, 7, self.epoch, {})
            case InitProducerIdRequest():
                return SimpleNamespace(error_code=code, producer_id=7, producer_epoch=self.epoch)
        raise AssertionError(request)

    def _produce(self, topic: str, part: tuple[Any, ...], code: int) -> tuple[Any, ...]:
        number, data, _ = part
        if not code:
            code = self._append(self.log[topic, number], DefaultRecordBatch(data))
        return number, code, 0, -1, 0, [], None, {}

    def _append(self, log: list[bytes], batch: Any) -> int:
        assert batch.validate_crc()
        assert batch.is_transactional
        assert (batch.producer_id, batch.producer_epoch) == (7, self.epoch)
        values = [record.value for record in batch]
        if batch.base_sequence < len(log):
            assert log[batch.base_sequence : batch.base_sequence + len(values)] == values
            return REPEATED
        assert batch.base_sequence == len(log), "a hole"
        log.extend(values)
        return 0


def features(level: int) -> bytes:
    name = b"transaction.version"
    return b"\x02" + bytes([len(name) + 1]) + name + struct.pack(">hh", level, 0) + b"\x00"


async def started(broker: Broker, monkeypatch: pytest.MonkeyPatch | None = None) -> Transactions:
    with (monkeypatch or pytest.MonkeyPatch()).context() as patch:
        patch.setattr(transactions, "AIOKafkaClient", lambda **_: broker)
        patch.setattr(transactions, "RETRY_S", 0)
        made = Transactions("", "bookly-test-1")
        await made.start()
        return made


def outgoing(numbers: Iterable[int]) -> list[Outgoing]:
    """Over two topics and three partitions; the values of each in the order in which they come."""
    return [Outgoing(f"t{n % 2}", n % 3, b"key", b"%d" % n, (("h", b"v"),)) for n in numbers]


@given(fates=st.lists(st.sampled_from(FATES), max_size=30), size=st.integers(1, 60), room=st.sampled_from([100, 200, 10_000]))
async def test_each_record_is_there_once_and_in_order(fates: list[str], size: int, room: int) -> None:
    broker = Broker()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transactions, "RETRY_S", 0)
        patch.setattr(batching, "BATCH_BYTES", room)
        made = await started(broker)
        broker.fates = fates
        records = outgoing(range(size))
        await made.write(records)
        await made.send_offsets({PLACE: OffsetAndMetadata(5, "{}")}, "group")
        await made.commit()
    for place, log in broker.log.items():
        assert log == [record.value for record in records if (record.topic, record.partition) == place]
    assert sum(map(len, broker.log.values())) == size
    assert broker.sent == {"in": [(1, 5, -1, "{}", {})]}
    assert made._producer == (7, 1), "the next transaction has an epoch of its own"


async def test_the_next_transaction_begins_its_sequences_anew() -> None:
    broker = Broker()
    made = await started(broker)
    for _ in range(3):
        broker.log.clear()
        await made.write(outgoing(range(10)))
        await made.commit()
    assert broker.epoch == 3


@pytest.mark.parametrize("step", ["write", "offsets", "commit"])
async def test_who_is_fenced_is_told_and_does_not_ask_again(step: str) -> None:
    broker = Broker()
    made = await started(broker)
    broker.code = FENCED
    steps = {
        "write": lambda: made.write(outgoing([1])),
        "offsets": lambda: made.send_offsets({PLACE: OffsetAndMetadata(5, "")}, "group"),
        "commit": made.commit,
    }
    with pytest.raises(RefusedError, match=r"PRODUCER_FENCED \(90\)"):
        await steps[step]()


@pytest.mark.parametrize("error", [TransactionalIdAuthorizationFailed, GroupAuthorizationFailedError])
async def test_who_may_not_even_look_for_a_coordinator_is_told_at_once(error: type[BrokerResponseError]) -> None:
    broker = Broker()
    made = await started(broker)
    broker.lookups = [error()]
    made._coordinators.clear()
    with pytest.raises(NotPermittedError, match=rf"looking for a coordinator .* does not permit it: .*\({error.errno}\)"):
        await made.commit()
    assert not broker.lookups


async def test_a_coordinator_that_starts_is_asked_for_again() -> None:
    broker = Broker()
    made = await started(broker)
    broker.lookups = [CoordinatorLoadInProgressError(), NodeNotReadyError()]
    made._coordinators.clear()
    await made.commit()
    assert (broker.lookups, broker.epoch) == ([], 1)


async def test_a_transactional_id_that_others_own_is_not_permitted_from_the_first_request_on() -> None:
    with pytest.raises(NotPermittedError, match="starting of bookly-test-1"):
        await started(Broker(code=TransactionalIdAuthorizationFailed.errno))


async def test_a_cluster_that_speaks_the_first_protocol_is_refused_with_what_to_do() -> None:
    with pytest.raises(OldProtocolError, match=r"transaction\.version is 1, and this needs 2: Kafka 4\.0 or newer"):
        await started(Broker(level=1))


def test_an_answer_without_features_means_that_there_are_none() -> None:
    wire = b"\x00\x00" + b"\x01" + b"\x00\x00\x00\x00" + b"\x00"
    assert protocol.Versions.decode(BytesIO(wire)).level_of("transaction.version") == 0

"""The engine overrides, or rests on, private methods of faust-streaming 0.15.3 and aiokafka 0.14. When one of them changes, our
reasons have to be read again.
"""

import hashlib
import inspect
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest
from aiokafka.consumer.consumer import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.group_coordinator import CoordinatorGroupRebalance, GroupCoordinator
from faust.app.base import App
from faust.streams import Stream
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport.conductor import Conductor
from faust.transport.consumer import Consumer, ThreadDelegateConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, ConsumerRebalanceListener

SEAMS: dict[Callable[..., Any], str] = {
    App._create_directories: "a9f571c3b04abec3",
    App._new_transport: "42db531312dd776f",
    App._on_partitions_assigned: "de932b7927db85b3",
    App._on_partitions_revoked: "d5c895bbe57dc73a",
    AIOKafkaConsumerThread._create_worker_consumer: "c2701bfc3e6f6cad",
    AIOKafkaConsumerThread._fetch_records: "39a2c6c79fc1455a",
    Conductor._update_tp_index: "e8e3ac9025ef44f7",
    Consumer._drain_messages: "44a2500309e83c63",
    Consumer._wait_next_records: "6218e1969a636b3f",
    Consumer.on_partitions_revoked: "d04b7ae72c6fc206",
    Consumer.perform_seek: "0e8c130ff4b0afd8",
    Recovery._restart_recovery: "6bd8a8558a2dffe4",
    Recovery._resume_streams: "d986a6710c1aca98",
    Recovery._slurp_changelogs: "7825c7e50f766d5a",
    Recovery.on_rebalance: "aa4d997a1795ceae",
    # A batch's records are taken at once: all that aiokafka does with batches, and with what it made of them, stays as it is.
    FetchResult.getall: "3e717e30de5068d5",
    Fetcher.fetched_records: "be4348896b9b66af",
    PartitionRecords.__init__: "8ec1c2ae6ea1af87",
    PartitionRecords._unpack_records: "b803e6d46480732c",
    Stream.maybe_start: "4197a5256fb20826",
    TableManager.on_rebalance: "2d2c23a07bf54328",
    # Partitions are given up before the member rejoins: aiokafka waits for the listener, and Faust for the event loop.
    ConsumerRebalanceListener.on_partitions_revoked: "348c3aec879faf80",
    GroupCoordinator._on_join_prepare: "4d9524afc0ee2c2f",
    GroupCoordinator.ensure_active_group: "33c84c1a93012e81",
    ThreadDelegateConsumer.threadsafe_partitions_revoked: "6c55d67e9eb06ca5",
    # What renews a lease goes through one method of the coordinator that a consumer makes at its start.
    AIOKafkaConsumer.start: "2f1ba70443327538",
    CoordinatorGroupRebalance._send_sync_group_request: "7429ca078ddf9bb7",
    GroupCoordinator._do_heartbeat: "dc1d6632aaa68e96",
    GroupCoordinator._send_req: "fa4b12e914ce9fcf",
}


def source_hash(method: Callable[..., Any]) -> str:
    return hashlib.sha256(inspect.getsource(getattr(method, "fun", method)).encode()).hexdigest()[:16]


def test_faust_and_aiokafka_are_the_releases_that_the_engine_was_written_against() -> None:
    assert (version("faust-streaming"), version("aiokafka").rpartition(".")[0]) == ("0.15.3", "0.14")


@pytest.mark.parametrize("method", SEAMS, ids=lambda method: getattr(method, "__qualname__", repr(method)))
def test_a_seam_is_as_it_was_when_the_engine_was_written(method: Callable[..., Any]) -> None:
    assert source_hash(method) == SEAMS[method], "read the new source beside agents/engine, then write the new hash"

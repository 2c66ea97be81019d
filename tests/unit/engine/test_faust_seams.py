"""The engine overrides private methods of faust-streaming 0.15.3. When one of them changes, our reasons have to be read again."""

import hashlib
import inspect
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest
from faust.app.base import App
from faust.streams import Stream
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport.conductor import Conductor
from faust.transport.consumer import Consumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread

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
    Stream.maybe_start: "4197a5256fb20826",
    TableManager.on_rebalance: "2d2c23a07bf54328",
}


def source_hash(method: Callable[..., Any]) -> str:
    return hashlib.sha256(inspect.getsource(getattr(method, "fun", method)).encode()).hexdigest()[:16]


def test_faust_is_the_release_that_the_engine_was_written_against() -> None:
    assert version("faust-streaming") == "0.15.3"


@pytest.mark.parametrize("method", SEAMS, ids=lambda method: getattr(method, "__qualname__", repr(method)))
def test_a_seam_of_faust_is_as_it_was_when_the_engine_was_written(method: Callable[..., Any]) -> None:
    assert source_hash(method) == SEAMS[method], "read Faust's new source beside agents/engine, then write the new hash"

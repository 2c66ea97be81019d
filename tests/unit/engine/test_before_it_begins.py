"""A worker whose servers are away: it answers, it can be ended, and its end says why."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import faust
import pytest

from agents.auth import DOMAIN
from agents.engine import waiting, worker
from agents.engine.fatal import EXIT_FATAL
from bookly.errors import BrokerUnavailable, RegistryUnavailable, UnknownSchema
from bookly.settings import Settings
from stack.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

NOWHERE = {"BOOKLY_BROKERS": "127.0.0.1:9", "BOOKLY_REGISTRY": "http://127.0.0.1:9", "BOOKLY_REDIS": "redis://127.0.0.1:9"}


@pytest.fixture
def without_servers() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port(set())
    process = subprocess.Popen(
        [sys.executable, "-m", "agents", "auth"], env={**NOWHERE, "BOOKLY_HEALTH": str(port)}, stderr=subprocess.PIPE
    )
    try:
        yield process, port
    finally:
        process.kill()
        process.communicate()


def asked(port: int, path: str) -> tuple[int, Any]:
    deadline = time.monotonic() + 30
    while True:
        try:
            with closing(HTTPConnection("127.0.0.1", port)) as connection:
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_it_is_alive_not_ready_and_ends_when_told_to(without_servers: tuple[subprocess.Popen[bytes], int]) -> None:
    process, port = without_servers
    code, facts = asked(port, "/live")
    assert (code, facts["phase"]) == (200, "waiting for the broker and the registry")
    assert asked(port, "/ready")[0] == 503
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


@pytest.mark.parametrize("error", [RegistryUnavailable("http://registry", "all", "refused"), UnknownSchema("not provisioned")])
def test_a_registry_away_too_long_is_another_end_than_one_that_does_not_know_us(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising(_: Any) -> Any:
        raise error

    def stopped(reason: str, *_: Any, **__: Any) -> Any:
        raise SystemExit(reason)

    monkeypatch.setattr(worker, "configure_logs", lambda _: None)
    monkeypatch.setattr(asyncio, "set_event_loop_policy", lambda _: None)
    monkeypatch.setattr(worker, "wait_for_broker", lambda _: None)
    monkeypatch.setattr(worker, "schema_ids", raising)
    monkeypatch.setattr(worker, "stop_process", stopped)
    expected = SystemExit if isinstance(error, RegistryUnavailable) else UnknownSchema
    with pytest.raises(expected):
        worker.run_worker(DOMAIN, Settings("broker:1", "http://registry:1", "redis://redis:1"))


def test_a_broker_away_too_long_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE_S", 0.0)
    monkeypatch.setattr(waiting, "ASKING_S", 0.1)
    with pytest.raises(BrokerUnavailable, match=r"127\.0\.0\.1:9"):
        waiting.wait_for_broker("127.0.0.1:9")


def test_a_worker_that_fails_ends_with_the_code_that_supervisors_restart_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def failed(_: Any) -> Any:
        raise SystemExit(1)

    monkeypatch.setattr(faust.Worker, "execute_from_commandline", failed)
    with pytest.raises(SystemExit) as ended:
        worker.Worker.execute_from_commandline(object.__new__(worker.Worker))
    assert ended.value.code == EXIT_FATAL

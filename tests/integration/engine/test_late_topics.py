"""A worker that is assigned nothing, because its broker does not show its topics yet, finds them by itself."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from agents import changelogs
from agents.engine.watchdog import STILL_S
from api.tables import read_table
from bookly import BlockingProducer
from bookly.errors import BrokerUnavailable
from bookly.events.auth import UserRegistered
from contracts.broker import provision_broker
from contracts.registry import provision_registry
from stack.assembly import assemble
from tests.nobody import forget
from tests.pipeline import Worker, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from stack import Stack
    from stack.server import Server


@contextmanager
def broker_in(home: Path) -> Iterator[Server]:
    broker, _, _ = assemble(home, {}, lambda _: None, lambda _: None, lambda _: None)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


def has_user(brokers: str) -> bool:
    """A busy machine takes its time for a new broker's first transaction, and nobody reads past one that is open."""
    try:
        return "u-1" in read_table(brokers, "auth", "users")
    except BrokerUnavailable:
        return False


def test_topics_that_come_later_are_found_within_the_time_in_which_nothing_may_stand_still(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(monkeypatch, "BOOKLY_KAFKA_")  # the broker is one of its own, and plain
    provision_registry(str(stack.registry))
    with broker_in(tmp_path) as broker:
        brokers, registry = str(broker), str(stack.registry)
        addresses = {"BOOKLY_BROKERS": brokers, "BOOKLY_REGISTRY": registry, "BOOKLY_REDIS": str(stack.redis)}
        worker = Worker("auth", {**os.environ, **addresses, "BOOKLY_LOG_LEVEL": "INFO"}, tmp_path)
        try:
            eventually(lambda: worker.says("Ignoring missing topic"), "an assignment without topics")
            provision_broker(brokers, changelogs())
            with BlockingProducer(brokers=brokers, registry=registry, source="test") as producer:
                producer.publish(UserRegistered(user_id="u-1", email="ann@example.edu", full_name="Ann"))
            eventually(lambda: has_user(brokers), "the user's row", STILL_S)
            assert worker.process.poll() is None, "it need not be started again"
        finally:
            worker.kill()

"""The console on a real broker, with its topics."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING

import pytest
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # its __init__ names them

from api.console.decoding import Decoding
from bookly.registry import Registry
from bookly.transport import librdkafka_settings
from contracts.broker import create_topics
from contracts.registry import provision_registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stack import Stack

_marks = count()


@pytest.fixture
def brokers(stack: Stack) -> str:
    create_topics(stack.brokers)
    return stack.brokers


@pytest.fixture
def topic(brokers: str) -> Callable[[int], str]:
    """A new topic of so many partitions."""
    admin = AdminClient({**librdkafka_settings(brokers), "log_level": 2})

    def made(partitions: int) -> str:
        name = f"suite-console-{os.getpid()}-{next(_marks)}"
        admin.create_topics([NewTopic(name, partitions, 1)])[name].result(30)
        return name

    return made


@pytest.fixture
def environment(stack: Stack, tmp_path: Path) -> dict[str, str]:
    """Of a command, but for the key of who gives it."""
    servers = {"BOOKLY_BROKERS": stack.brokers, "BOOKLY_REGISTRY": str(stack.registry), "BOOKLY_REDIS": str(stack.redis)}
    return {**os.environ, **servers, "BOOKLY_API_KEYS": str(tmp_path / "keys.json")}


@pytest.fixture
def registry(stack: Stack) -> Iterator[Registry]:
    provision_registry(str(stack.registry))
    found = Registry(str(stack.registry))
    yield found
    found.close()


@pytest.fixture
def decoding(registry: Registry) -> Decoding:
    return Decoding(registry)

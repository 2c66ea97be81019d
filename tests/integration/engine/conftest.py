"""One worker for all tests of the suite; each has keys of its own."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING

import pytest

from agents import changelogs_of
from contracts.broker import provision_broker
from contracts.registry import provision_registry
from tests.integration.engine.domain import DOMAIN
from tests.integration.engine.real import Real
from tests.integration.engine.worlds import PARTITIONS, OnTheBench, beside, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack import Stack
    from tests.integration.engine.worlds import World

_numbers = count(1)


@pytest.fixture(scope="module")
def real(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    others = (DOMAIN.dead_letters, DOMAIN.control, DOMAIN.replay)
    provision_broker(stack.brokers, [*changelogs_of(DOMAIN, PARTITIONS), *((name, PARTITIONS, {}) for name in others)])
    provision_registry(str(stack.registry))
    addresses = {"BOOKLY_BROKERS": stack.brokers, "BOOKLY_REGISTRY": str(stack.registry), "BOOKLY_REDIS": str(stack.redis)}
    world = Real(stack, {**os.environ, **addresses}, tmp_path_factory.mktemp("suite"))
    try:
        yield world
    finally:
        world.close()


@pytest.fixture
def room() -> str:
    """A resource that no other test knows."""
    return f"hall-{next(_numbers)}"


@pytest.fixture(params=["bench", "engine"])
def world(request: pytest.FixtureRequest, room: str) -> World:
    """Each test of this suite holds for the harness and for the engine that it stands for."""
    if request.param == "bench":
        return OnTheBench()
    real: Real = request.getfixturevalue("real")
    real.watched = {tag for key in (room, beside(room)) for tag in tags_of(key)}
    return real

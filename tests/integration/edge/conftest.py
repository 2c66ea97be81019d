"""One of each process for all tests of the edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents import changelogs
from contracts.broker import provision_broker
from contracts.registry import provision_registry
from faults.proxy import before
from tests.integration.edge.whole import Whole
from tests.pipeline import pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack import Stack


@pytest.fixture(scope="package")
def running(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    provision_broker(stack.brokers, changelogs())
    provision_registry(str(stack.registry))
    home, (way, redis) = tmp_path_factory.mktemp("edge"), before(str(stack.redis))
    with way as proxy, pipeline(stack, home, redis) as flow, Whole(flow, proxy, home) as whole:
        yield whole


@pytest.fixture
def whole(running: Whole) -> Whole:
    """All of it answers; a test that ends a part starts it again before it is done."""
    running.api.wait_ready()
    running.pipeline.check_workers()
    return running

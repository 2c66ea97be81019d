"""One provisioned pipeline with five workers for all stories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents import changelogs
from contracts.broker import provision_broker
from contracts.registry import provision_registry
from tests.pipeline import Pipeline, pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack import Stack


@pytest.fixture(scope="session")
def flow(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The whole thing, running. Each story uses users and resources of its own."""
    provision_broker(stack.brokers, changelogs())
    provision_registry(str(stack.registry))
    with pipeline(stack, tmp_path_factory.mktemp("workers")) as running:
        yield running

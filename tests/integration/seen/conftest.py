"""The whole thing as processes that keep traces, all in one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents import changelogs
from contracts.broker import provision_broker
from contracts.registry import provision_registry
from faults.proxy import before
from tests.integration.edge.whole import Whole
from tests.pipeline import pipeline
from tests.servers import servers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stack import Stack


@pytest.fixture(scope="package")
def spans_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("traces") / "spans.jsonl"


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Of their own: what they publish is no event, and others expect that all is. And others kill the broker of all."""
    with servers(tmp_path_factory.mktemp("seen")) as running:
        yield running


@pytest.fixture(scope="package")
def whole(stack: Stack, spans_file: Path) -> Iterator[Whole]:
    """Every process of it writes its spans as soon as it has some."""
    provision_broker(stack.brokers, changelogs())
    provision_registry(str(stack.registry))
    way, redis = before(str(stack.redis))
    with pytest.MonkeyPatch.context() as environment, way as proxy:
        environment.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", spans_file.as_uri())
        environment.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        with (
            pipeline(stack, spans_file.parent, redis) as flow,
            Whole(flow, proxy, spans_file.parent) as running,
        ):
            running.api.wait_ready()
            yield running

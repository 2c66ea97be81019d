"""The worlds that a producer publishes to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.sdk.verbs import PRODUCERS
from tests.integration.sdk.worlds import InMemory, Real

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack import Stack

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def provisioned(stack: Stack) -> Stack:
    """The stack with every topic of the five domains and every version of every event."""
    addresses = ["--brokers", stack.brokers, "--registry", stack.registry]
    subprocess.run([sys.executable, "-m", "contracts", "provision", *addresses], check=True, cwd=ROOT)
    return stack


@pytest.fixture(params=PRODUCERS)
def kind(request: pytest.FixtureRequest) -> str:
    """Which of the two producers."""
    return str(request.param)


@pytest.fixture
def real(kind: str, provisioned: Stack) -> Iterator[Real]:
    """Real servers with their topics and schemas; alive again after the test, whatever it did to them."""
    world = Real(PRODUCERS[kind], provisioned)
    try:
        yield world
    finally:
        world.close()
        for server in (provisioned.broker, provisioned.registry):
            server.resume()
            server.start()


@pytest.fixture(params=["in memory", "real servers"])
def world(request: pytest.FixtureRequest, kind: str) -> InMemory | Real:
    """Where the tests of this suite publish to: each of them holds for the stand-ins as well."""
    if request.param == "in memory":
        return InMemory(PRODUCERS[kind])
    real: Real = request.getfixturevalue("real")
    return real

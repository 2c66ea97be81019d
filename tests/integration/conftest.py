"""The stack with the topics and schemas of the contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contracts.broker import provision_broker
from contracts.registry import provision_registry

if TYPE_CHECKING:
    from stack import Stack


@pytest.fixture(scope="session")
def provisioned(stack: Stack) -> Stack:
    """Every topic of the five domains, every version of every event."""
    provision_broker(stack.brokers)
    provision_registry(stack.registry)
    return stack

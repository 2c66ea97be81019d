"""One group for all tests of the suite; each has keys of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents import changelogs_of
from api.owners import Owners
from contracts.broker import provision_broker
from contracts.registry import provision_registry
from tests.integration.engine.worlds import PARTITIONS
from tests.integration.queries.group import Group
from tests.unit.engine.asking import DOMAIN, SECRET

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from stack import Stack


@pytest.fixture(scope="module")
def group(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    others = (DOMAIN.dead_letters, DOMAIN.control, DOMAIN.replay)
    provision_broker(stack.brokers, [*changelogs_of(DOMAIN, PARTITIONS), *((name, PARTITIONS, {}) for name in others)])
    provision_registry(str(stack.registry))
    group = Group(stack, tmp_path_factory.mktemp("queries"))
    try:
        yield group
    finally:
        group.close()


@pytest.fixture
async def owners(group: Group) -> AsyncIterator[Owners]:
    async with Owners(group.brokers, SECRET) as owners:
        yield owners

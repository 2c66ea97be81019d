"""What all tests share: one real stack for the whole run, started when the first test asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A broker, a registry and a Redis of our own. A test that ends one starts it again before it is done."""
    with servers(tmp_path_factory.mktemp("stack")) as running:
        yield running

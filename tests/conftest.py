"""What all tests share: one real stack for the whole run, started when the first test asks for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from agents import changelogs
from contracts.acls import PRINCIPALS
from contracts.granting import grant
from stack import Stack
from stack.secrets import ADMIN

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A broker, a registry and a Redis of our own. A test that ends one starts it again before it is done.

    With SECURE=1 in the environment they believe nobody: tests are their administrator, each worker is its own principal.
    """
    principals = PRINCIPALS if os.environ.get("SECURE") else ()
    with Stack.start(tmp_path_factory.mktemp("stack"), principals=principals) as running, pytest.MonkeyPatch.context() as patch:
        if running.secrets is not None:
            for name, value in running.secrets.environment(ADMIN).items():
                patch.setenv(name, value)
            grant(running.brokers, [name for name, _, _ in changelogs()])
        yield running

"""A real stack for tests, as the environment wants it: plain, or secured."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from agents import changelogs
from contracts.acls import PRINCIPALS
from contracts.granting import grant
from stack import Stack
from stack.secrets import ADMIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def servers(home: Path) -> Iterator[Stack]:
    """With SECURE=1 in the environment they believe nobody: tests are their administrator, each worker is its own principal."""
    principals = PRINCIPALS if os.environ.get("SECURE", "0") not in ("", "0") else ()
    with Stack.start(home, principals=principals) as running, pytest.MonkeyPatch.context() as patch:
        if running.secrets is not None:
            for name, value in running.secrets.environment(ADMIN).items():
                patch.setenv(name, value)
            grant(running.brokers, [name for name, _, _ in changelogs()])
        yield running

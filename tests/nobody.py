"""Who was somebody to a secured stack is nobody to other servers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

SERVERS = ("BOOKLY_KAFKA_", "BOOKLY_REDIS_", "BOOKLY_REGISTRY_")


def forget(monkeypatch: pytest.MonkeyPatch, *servers: str) -> None:
    """Names, passwords and certificates are gone from the environment until the test is over."""
    for name in [name for name in os.environ if name.startswith(servers or SERVERS)]:
        monkeypatch.delenv(name)

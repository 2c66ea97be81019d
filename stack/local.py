"""The whole stack: three servers in one directory, started in order and ended in reverse."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from stack import state
from stack.admitting import admit
from stack.assembly import Say, assemble
from stack.cache import need_space
from stack.errors import StackError
from stack.guarding import Guard
from stack.secrets import Secrets
from stack.server import STOP_DEADLINE, Server

_NEEDED_MIB = 300
_TRAINED_STOP = 120.0


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
        home = state.stack_directory(Path(directory))
        with held(home, say) as guard:

            def started(pid: int) -> None:
                guard.add(pid)
                record(stack, home)

            def ended(pid: int) -> None:
                guard.drop(pid)
                record(stack, home)

            secrets = Secrets(home / "secrets", principals) if principals else None
            servers = assemble(home, ports or {}, say, started, ended, training=training, secrets=secrets)
            stack = cls(home.parent, *servers, secrets)
            try:
                _start(stack, say)
                yield stack
            finally:
                stop(stack, say, _TRAINED_STOP if training else STOP_DEADLINE)
                state.remove(home)

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


def _start(stack: Stack, say: Say) -> None:
    begun = time.monotonic()
    stack.redis.start(wait=False)
    for name, server in stack.servers.items():
        say(f"starting the {name} at {server}, log in {server.log}")
        server.start()  # the registry last: it needs a broker that answers, and knows it
        say(f"the {name} answers, {time.monotonic() - begun:.1f} s after the start")
        if server is stack.broker and stack.secrets is not None:
            admit(stack.brokers, stack.secrets)


@contextlib.contextmanager
def held(home: Path, say: Say) -> Iterator[Guard]:
    """The directory is ours, and what a dead stack left in it is ended. Raises StackError."""
    with state.only_one(home), Guard() as guard:
        _end_orphans(home, say)
        need_space(home, _NEEDED_MIB, "The stack")
        yield guard


def stop(stack: Stack, say: Say, deadline: float = STOP_DEADLINE) -> None:
    """The last that was started goes first; one that is not gone by the deadline (seconds) is killed."""
    for name, server in reversed(stack.servers.items()):
        if server.is_alive():
            say(f"stopping the {name}")
        server.stop(deadline)


def record(stack: Stack, home: Path) -> None:
    """Write down where its servers are and which processes they are."""
    pids = {name: pid for name, server in stack.servers.items() if (pid := server.pid) is not None}
    state.write(
        home, stack.brokers, str(stack.registry), str(stack.redis), pids, stack.secrets.directory if stack.secrets else None
    )


def _end_orphans(home: Path, say: Say) -> None:
    left = state.orphans(home)
    if left:
        say(f"ending {len(left)} servers that a dead stack left here")
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=5)
    state.remove(home)

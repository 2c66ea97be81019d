"""Six Redis servers that are one cluster: three masters, and a replica of each."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any

import redis

from stack import redis as valkey
from stack.errors import ServerDied
from stack.ports import HOST, claim
from stack.server import Launch, Server
from stack.settings import REDIS_CLUSTER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

RANGES = ((0, 5460), (5461, 10922), (10923, 16383))
DEADLINE_S = 30.0
_ANSWER_S = 5.0  # a halted node would be asked for ever


class Six:
    """`nodes`: by port. The first three are masters when it begins. `started`, `ended` are told process ids, as in `Launch`."""

    def __init__(self, home: Path, started: Callable[[int], object] = bool, ended: Callable[[int], object] = bool) -> None:
        taken: set[int] = set()
        self.nodes: dict[int, Server] = {}
        self._buses: dict[int, int] = {}
        for number in range(1, 7):
            port, bus = claim("redis", None, taken), claim("bus", None, taken)
            self._buses[port] = bus
            self.nodes[port] = Server(f"redis://{HOST}:{port}", _launch(home / f"redis-{number}", port, bus, started, ended))

    @property
    def url(self) -> str:
        return f"redis+cluster://{HOST}:{next(iter(self.nodes))}"

    def start(self) -> None:
        """Make them one; of nodes that were one before, old addresses are forgotten with their data. Raises ServerDied."""
        for node in self.nodes.values():
            node.start()
        masters, replicas = list(self.nodes)[:3], list(self.nodes)[3:]
        for master, (first, last) in zip(masters, RANGES, strict=True):
            self.ask(master, "CLUSTER", "ADDSLOTSRANGE", first, last)
        for port in (*masters[1:], *replicas):
            self.ask(masters[0], "CLUSTER", "MEET", HOST, port, self._buses[port])
        _until(lambda: all(self._knows_all(port) for port in self.nodes))
        for master, replica in zip(masters, replicas, strict=True):
            self.ask(replica, "CLUSTER", "REPLICATE", self.ask(master, "CLUSTER", "MYID").decode())
        self.settle()

    def stop(self) -> None:
        for node in self.nodes.values():
            node.resume()
            node.kill()

    def master_of(self, key: str) -> int:
        """The port of the master that holds a key."""
        slot = int(self.ask(self._alive()[0], "CLUSTER", "KEYSLOT", key))
        for first, last, master, *_ in self.ask(self._alive()[0], "CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return int(master[1])
        raise LookupError(f"nobody holds the slot of {key}")

    def masters(self) -> list[int]:
        """The ports of those that hold slots."""
        return [int(master[1]) for _, _, master, *_ in self.ask(self._alive()[0], "CLUSTER", "SLOTS")]

    def settle(self) -> None:
        """Every node runs, agrees that all is well, and each master has a replica that has caught up."""
        for node in self.nodes.values():
            node.resume()
            node.start()
        _until(self._is_well)

    def ask(self, port: int, *command: str | int) -> Any:
        with redis.Redis(host=HOST, port=port, protocol=2, socket_timeout=_ANSWER_S) as client:
            client.response_callbacks.clear()
            return client.execute_command(*command)

    def cut_off(self, master: int, replica: int) -> None:
        """What the master writes from now on does not reach its replica, which has all that it wrote before, and halts."""
        _until(
            lambda: b"offset=%b," % _offset(self.ask(master, "INFO", "replication")) in self.ask(master, "INFO", "replication")
        )
        self.nodes[replica].pause()
        self.ask(master, "CLIENT", "KILL", "TYPE", "replica")  # else what is sent would wait for it in its socket

    def replica_of(self, master: int) -> int:
        """The port of a master's replica."""
        (node,) = self.ask(master, "CLUSTER", "REPLICAS", self.ask(master, "CLUSTER", "MYID"))
        return int(node.split()[1].partition(b"@")[0].rpartition(b":")[2])

    def _knows_all(self, port: int) -> bool:
        nodes = self.ask(port, "CLUSTER", "NODES")
        return b"handshake" not in nodes and all(self.ask(each, "CLUSTER", "MYID") in nodes for each in self.nodes)

    def _alive(self) -> Sequence[int]:
        return [port for port, node in self.nodes.items() if node.is_alive()]

    def _is_well(self) -> bool:
        replications = [self.ask(port, "INFO", "replication") for port in self.nodes]
        states = [self.ask(port, "CLUSTER", "INFO") for port in self.nodes]
        doubts = any(b"fail" in self.ask(port, "CLUSTER", "NODES") for port in self.nodes)
        return (
            all(b"cluster_state:ok" in state for state in states)
            and sum(b"role:master" in each and b"state=online" in each for each in replications) == 3
            and sum(b"master_link_status:up" in each for each in replications) == 3
            and not doubts
        )


def _offset(replication: bytes) -> bytes:
    return replication.partition(b"master_repl_offset:")[2].split()[0]


def _launch(own: Path, port: int, bus: int, started: Callable[[int], object], ended: Callable[[int], object]) -> Launch:
    shutil.rmtree(own, ignore_errors=True)  # a node remembers the others by addresses that are no more
    own.mkdir(parents=True)
    clustered = {**REDIS_CLUSTER, "cluster-port": str(bus)}
    return Launch(
        name=own.name,
        command=lambda: valkey.command(valkey.program(), port, own, clustered),
        log=own / "redis.log",
        ready=lambda: valkey.answers(port),
        started=started,
        ended=ended,
    )


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            raise ServerDied(f"the six Redis servers did not agree that they are one cluster within {DEADLINE_S:.0f} s")
        time.sleep(0.05)  # what servers agree on can only be asked

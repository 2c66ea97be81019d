"""Three brokers and a Redis Cluster of six, as processes of this machine: what one server alone cannot show."""

from __future__ import annotations

import contextlib
import shutil
import time
from functools import partial
from typing import TYPE_CHECKING

from stack import broker, java
from stack.assembly import prepare, registry_of
from stack.jars import installed
from stack.local import Stack, running, to_stderr
from stack.ports import HOST, claim
from stack.redis_cluster import Six
from stack.server import STOP_DEADLINE, Launch, Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from stack.assembly import OnProcess, Say
    from stack.jars import Installation

NODES = (1, 2, 3)


class Cluster(Stack):
    """A stack whose broker is any of `nodes`, and whose Redis is a cluster. Each node is there to be killed and started again."""

    def __init__(self, directory: Path, nodes: Sequence[Server], registry: Server, redis: Six) -> None:
        super().__init__(directory, Server(",".join(nodes)), registry, Server(redis.url))
        self.nodes, self.redis_nodes = nodes, redis

    @property
    def servers(self) -> dict[str, Server]:
        redis = {f"redis-{number}": node for number, node in enumerate(self.redis_nodes.nodes.values(), 1)}
        return {
            **redis,
            **{f"broker-{number}": node for number, node in zip(NODES, self.nodes, strict=True)},
            "registry": self.registry,
        }

    def has_copies(self, name: str) -> bool:
        return name != "registry"

    @classmethod
    @contextlib.contextmanager
    def start(cls, directory: Path | str, *, say: Say = to_stderr) -> Iterator[Cluster]:  # type: ignore[override]  # no ports to choose
        """Start them with new data below `<directory>/.stack/cluster`, and end them with the block. Raises StackError."""
        with running(directory, say, partial(cls._assembled, say)) as stack:
            yield stack

    @classmethod
    def _assembled(cls, say: Say, home: Path, started: OnProcess, ended: OnProcess) -> Self:
        taken: set[int] = set()
        ports = {number: (claim("broker", None, taken), claim("controller", None, taken)) for number in NODES}
        shutil.rmtree(home / "cluster", ignore_errors=True)
        prepare(home)
        installation = installed(say)
        nodes = [_broker(number, ports, home, installation, started, ended) for number in NODES]
        own, management = claim("registry", None, taken), claim("management", None, taken)
        address = registry_of(installation, home, own, management, ",".join(nodes), started, ended)
        return cls(home.parent, nodes, address, Six(home / "cluster", started, ended))

    def begin(self, say: Say) -> None:
        """Brokers together: one alone is no quorum, and would wait for the others."""
        begun = time.monotonic()
        say(f"starting three brokers and six Redis, logs in {self.directory / '.stack'}")
        for node in self.nodes:
            node.start(wait=False)
        self.redis_nodes.start()
        say(f"the Redis servers are one cluster, {time.monotonic() - begun:.1f} s after the start")
        for node in self.nodes:
            node.wait_ready()
        say(f"the brokers answer, {time.monotonic() - begun:.1f} s after the start")
        self.registry.start()
        say(f"the registry answers, {time.monotonic() - begun:.1f} s after the start")

    def end(self, say: Say, deadline: float = STOP_DEADLINE) -> None:
        """At once: who starts again has new data, and brokers that leave one after the other wait for a quorum."""
        say("stopping the cluster")
        self.registry.stop(deadline)
        for node in (*self.nodes, *self.redis_nodes.nodes.values()):
            node.kill()


def _broker(
    number: int,
    ports: Mapping[int, tuple[int, int]],
    home: Path,
    installation: Installation,
    started: OnProcess,
    ended: OnProcess,
) -> Server:
    own = home / "cluster" / f"broker-{number}"
    own.mkdir(parents=True)
    configuration = own / "server.properties"
    configuration.write_text(broker.cluster_properties(number, ports, own / "data"))
    broker.format_data(installation, configuration, own / "data")
    address = f"{HOST}:{ports[number][0]}"
    return Server(
        address,
        Launch(
            name=own.name,
            command=lambda: java.kafka(installation).command(str(configuration)),
            log=home / "logs" / f"{own.name}.log",
            ready=lambda: broker.answers(address),
            started=started,
            ended=ended,
        ),
    )

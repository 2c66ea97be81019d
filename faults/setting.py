"""Where a run takes place: its own database and proxies, workers that are told of them, a publisher and a spy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from redis import Redis

from faults.processes import Processes
from faults.proxy import Proxy
from faults.publishing import Publisher
from faults.spec import Spec
from faults.spy import Spy
from faults.strikes import Scene
from stack.ports import free_port

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from bookly.registry import Registry
    from faults.domains import RunDomain
    from faults.plan import Planned
    from faults.spec import Arm
    from stack import Stack

DATABASES = 16  # what Redis has unless it is told otherwise; more than there are lanes


@dataclass
class Servers:
    """What all runs share."""

    stack: Stack
    broker_proxy: Proxy
    registry: Registry
    home: Path


@dataclass
class Setting:
    """Of one run. `arms`: by worker and life."""

    servers: Servers
    planned: Planned
    domain: RunDomain
    home: Path
    mutant: str
    arms: Mapping[tuple[int, int], tuple[Arm, ...]]

    def __post_init__(self) -> None:
        stack = self.servers.stack
        self.redis = own_database(str(stack.redis), self.planned.number)
        self._addresses = {"broker": stack.brokers, "registry": str(stack.registry), "redis": self.redis}

    def scene(self, block: ExitStack, rng: random.Random) -> Scene:
        """Everything but the workers runs until the block ends."""
        servers, stack = self.servers, self.servers.stack
        proxies = self._proxies(block)
        publisher = Publisher(stack.brokers, servers.registry, str(stack.registry), self.domain.renamed)
        spy = Spy(stack.brokers, self.domain, self.planned.mode, lambda: scene.all_up())  # noqa: PLW0108  # there is no scene yet
        workers = block.enter_context(Processes(self.home, self._spec))
        scene = Scene(
            rng,
            self.home,
            stack,
            servers.broker_proxy,
            workers,
            publisher,
            spy,
            proxies.get("redis"),
            proxies.get("registry"),
        )
        spy.start()
        return scene

    def _proxies(self, block: ExitStack) -> dict[str, Proxy]:
        """Between the workers and the servers that the fault takes away from them."""
        proxied, proxies = self.planned.fault.proxied, dict[str, Proxy]()
        for name in proxied - {"broker"}:
            port = int(self._addresses[name].split("/")[2].rpartition(":")[2])
            proxies[name] = block.enter_context(Proxy(free_port(set()), port))
            self._addresses[name] = self._addresses[name].replace(f":{port}", f":{proxies[name].port}")
        if "broker" in proxied:
            self._addresses["broker"] = f"127.0.0.1:{self.servers.broker_proxy.port}"
        return proxies

    def _spec(self, worker: int, life: int) -> Spec:
        fault = self.planned.fault
        return Spec(
            worker=worker,
            domain=self.domain.name,
            mode=self.planned.mode,
            topics=dict(self.domain.renamed),
            brokers=self._addresses["broker"],
            registry=self._addresses["registry"],
            redis=self._addresses["redis"],
            evidence=str(self.home / f"evidence-{worker}-{life}.jsonl"),
            arms=self.arms.get((worker, life), ()),
            mutant=self.mutant,
            slow_s=fault.slow_s,
            raising=str(self.home / "raising") if fault.name == "poison-every" else "",
        )


def own_database(redis: str, number: int) -> str:
    """An empty database of the server: runs side by side have the same keys and must not fill each other's entries."""
    address = f"{redis.rpartition('/')[0]}/{number % DATABASES}"
    with Redis.from_url(address) as client:
        client.flushdb()
    return address

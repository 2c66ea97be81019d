"""What is done to workers while the workload flows, and to servers in outages.py. A strike returns when its fault is over."""

from __future__ import annotations

import contextlib
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.engine.fatal import EXIT_DATA
from faults.checker import Violation
from faults.evidence import told

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from faults.processes import Processes
    from faults.proxy import Proxy
    from faults.publishing import Publisher
    from faults.spy import Spy
    from stack import Stack

STRUCK_S = 40.0
PAST_SESSION_S = 12.5


class UnstruckError(Exception):
    """The fault did not happen: its point was never reached. Nothing is proved by such a run."""


@dataclass
class Scene:
    """What a strike may do things to. `down`: how many servers are out of reach on purpose."""

    rng: random.Random
    home: Path
    stack: Stack
    broker_proxy: Proxy
    workers: Processes
    publisher: Publisher
    spy: Spy
    redis_proxy: Proxy | None = None
    registry_proxy: Proxy | None = None
    down: int = 0
    struck_at: float = 0.0
    over_at: float = 0.0
    violations: list[Violation] = field(default_factory=list)

    def all_up(self) -> bool:
        return self.down == 0

    @contextlib.contextmanager
    def outage(self) -> Iterator[None]:
        """Within the block a server is out of reach, and nobody is blamed for standing still."""
        self.down += 1
        try:
            yield
        finally:
            self.down -= 1

    def wait_for(self, condition: Callable[[], bool], patience: float = STRUCK_S) -> None:
        """Return when it holds. Raises UnstruckError."""
        deadline = time.monotonic() + patience
        while not condition():
            if time.monotonic() > deadline:
                raise UnstruckError(f"what the fault waits for did not come within {patience:.0f} s")
            time.sleep(0.02)  # other processes can only be asked

    def flowing(self, low: float = 0.3, high: float = 0.7) -> None:
        """Return when a seeded share of the workload is published and something is committed."""
        share = self.rng.uniform(low, high)
        self.wait_for(lambda: self.publisher.share >= share and any(done for _, _, done in self.spy.lags[-1:]))

    def wait_until_owned(self, workers: Iterable[int]) -> None:
        """Return when each of these workers has partitions: only then can anything be done to it. Raises UnstruckError."""
        wanted = set(workers)
        self.wait_for(
            lambda: wanted <= {word.about["worker"] for word in told(self.home) if word.kind == "owns" and word.about["numbers"]}
        )

    def is_struck(self) -> bool:
        return any(word.kind == "struck" for word in told(self.home))

    def lasting(self, seconds: float) -> None:
        """How long a fault lasts is what it is: there is nothing to wait for."""
        time.sleep(seconds)


def armed(scene: Scene) -> None:
    """The worker kills itself at its point."""
    scene.wait_for(lambda: scene.is_struck() or scene.publisher.is_done)
    scene.wait_for(scene.is_struck, 15.0)


def armed_revoke(scene: Scene) -> None:
    """A second worker comes, and the first has to give partitions up."""
    scene.flowing(0.1, 0.4)
    scene.workers.start(1)
    scene.wait_for(scene.is_struck)


def armed_recovery(scene: Scene) -> None:
    """The worker dies, and its successor dies while it takes over."""
    scene.flowing()
    scene.workers.kill(0)
    scene.wait_for(scene.is_struck)


def kill_random(scene: Scene) -> None:
    scene.flowing(0.05, 0.95)
    scene.workers.kill(scene.rng.randrange(2))


def stop_past_session(scene: Scene) -> None:
    """Another has taken over when the halted one wakes up."""
    scene.flowing()
    scene.workers.send(0, signal.SIGSTOP)
    scene.lasting(PAST_SESSION_S)
    scene.workers.send(0, signal.SIGCONT)


def sigterm(scene: Scene) -> None:
    """With full queues."""
    scene.wait_for(lambda: any(done for _, _, done in scene.spy.lags[-1:]))
    _stop(scene, 0)
    scene.workers.start(0)


def _stop(scene: Scene, worker: int) -> None:
    code = scene.workers.stop(worker)
    if code != 0:
        how = "did not end within its grace" if code is None else f"ended with exit code {code}"
        scene.violations.append(Violation("shutdown", f"worker {worker} {how} after SIGTERM"))


def storm(scene: Scene) -> None:
    """A worker more or less every five seconds."""
    scene.flowing(0.05, 0.1)
    for comes, worker in ((True, 2), (False, 0), (True, 0), (False, 1)):
        if comes:
            scene.workers.start(worker)
        else:
            _stop(scene, worker)
        scene.lasting(5.0)


def quiet(scene: Scene) -> None:
    """The workload is the fault."""
    scene.wait_for(lambda: scene.publisher.is_done)


def bad_deploy(scene: Scene) -> None:
    """Every event raises, until the deploy is taken back: whoever stopped by its fuse starts again and goes on."""
    scene.flowing(0.3, 0.4)
    flag = scene.home / "raising"
    with scene.outage():
        flag.touch()
        scene.wait_for(lambda: any(code == EXIT_DATA for _, code in scene.workers.exits), 20.0)
        flag.unlink()

"""One run: topics of its own, workers, a workload, a fault, quiet, and what the checker says."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faults import checker, topics
from faults.checker import Violation, Watched, check
from faults.domains import EMITS, PROBE, domain_of
from faults.evidence import told
from faults.log import LogReader
from faults.oracle import fold
from faults.setting import Setting
from faults.shown import Reader
from faults.strikes import UnstruckError
from faults.workload import availability_phases, probe_phases

if TYPE_CHECKING:
    from faults.catalogue import Fault
    from faults.plan import Planned
    from faults.setting import Servers
    from faults.spy import Spy
    from faults.strikes import Scene

QUIET_S = 120.0
QUIET_SAMPLES = 3
ATTEMPTS = 3


@dataclass
class Outcome:
    """`recovery_s`: from the fault's end to the first moment without lag. `unstruck`: why the fault did not happen."""

    planned: Planned
    events: int = 0
    violations: list[Violation] = field(default_factory=list)
    recovery_s: float | None = None
    restarts: int = 0
    samples: int = 0
    reads: int = 0
    hits: int = 0
    took_s: float = 0.0
    unstruck: str = ""


def seeded(planned: Planned) -> random.Random:
    return random.Random(f"{planned.fault.name}/{planned.seed}")  # noqa: S311  # a seed is what is wanted


class Run:
    """Plays one planned run."""

    def __init__(self, servers: Servers, planned: Planned, mutant: str = "", attempt: int = 1) -> None:
        self._servers, self._planned, self._mutant = servers, planned, mutant
        self._fault: Fault = planned.fault
        self._rng = seeded(planned)
        self._domain = domain_of(f"faults{planned.number}x{attempt}", planned.mode)
        self._home = servers.home / "runs" / f"{planned.number:03d}-{planned.fault.name}-{planned.seed}-{attempt}"
        self._home.mkdir(parents=True)
        self._phases = probe_phases(self._rng, self._fault.shape) if planned.mode == PROBE else availability_phases(self._rng)
        self._arms = self._fault.arms(self._rng)

    def play(self) -> Outcome:
        """Raises what the harness itself cannot do; what the engine does wrong is in the outcome."""
        began, outcome = time.monotonic(), Outcome(self._planned)
        with ExitStack() as block:
            block.enter_context(topics.topics_of(self._servers.stack.brokers, self._domain))
            scene = self._set(block)
            try:
                self._perform(scene, outcome)
            except UnstruckError as error:
                outcome.unstruck = str(error)
            finally:
                scene.spy.stop()
                if self._planned.mode == PROBE:
                    self._reader.stop()
            outcome.restarts = len(scene.workers.exits)
            scene.workers.end_all()
            self._judge(scene, outcome)
        outcome.took_s = time.monotonic() - began
        return outcome

    def _set(self, block: ExitStack) -> Scene:
        setting = Setting(self._servers, self._planned, self._domain, self._home, self._mutant, self._arms)
        scene = setting.scene(block, self._rng)
        if self._planned.mode == PROBE:
            changelog = self._domain.changelog("counts")
            hot = [f"room-{number:02d}" for number in range(8)]
            self._reader = Reader(self._servers.stack.brokers, setting.redis, changelog, hot, self._planned.seed)
            self._reader.start()
        return scene

    def _perform(self, scene: Scene, outcome: Outcome) -> None:
        """The strike comes in the phase that has the most events; in the others nothing happens but work."""
        longest = max(self._phases, key=len)
        if not self._fault.backlog:
            self._start_workers(scene)
        for phase in self._phases:
            scene.publisher.start(phase, self._fault.lasting if phase is longest else 0.0)
            if self._fault.backlog:
                scene.publisher.finish()
                self._start_workers(scene)
            if phase is longest:
                outcome.unstruck = strike(self._fault, scene)
            scene.publisher.finish()
            if not wait_until_quiet(scene.spy):
                scene.violations.append(Violation("stalled", f"the group is not quiet {QUIET_S:.0f} s after the fault"))
                return
        caught_up = scene.spy.caught_up_at(scene.over_at)
        outcome.recovery_s = None if caught_up is None else caught_up - scene.over_at

    def _start_workers(self, scene: Scene) -> None:
        for worker in self._fault.workers:
            scene.workers.start(worker)
        scene.wait_until_owned(self._fault.workers)

    def _judge(self, scene: Scene, outcome: Outcome) -> None:
        brokers, mode = self._servers.stack.brokers, self._planned.mode
        topics.wait_until_settled(brokers, self._domain)
        found = LogReader(brokers, self._servers.registry, self._domain).read(EMITS[mode])
        expected = fold(self._domain, found.entries, found.aside_of(), forgiving=self._fault.name == "poison-every")
        words = list(told(self._home))
        shown = self._reader.shown if mode == PROBE else []
        outcome.hits = self._reader.hits if mode == PROBE else 0
        watched = Watched(scene.publisher.acknowledged, scene.spy.samples, shown, words, scene.spy.stalled)
        outcome.events, outcome.samples, outcome.reads = len(found.entries), len(watched.samples), len(shown)
        outcome.violations = [*scene.violations, *check(mode, expected, found, watched)]
        if self._fault.name == "sigterm-full-queues":
            outcome.violations += checker.redone(words)
        (self._home / "violations.txt").write_text("".join(f"{name}: {text}\n" for name, text in outcome.violations))


def play(servers: Servers, planned: Planned, mutant: str = "") -> Outcome:
    """A run; again, if its fault did not happen, for what another process does in time is not in the seed."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            outcome = Run(servers, planned, mutant, attempt).play()
        except Exception as error:  # noqa: BLE001  # one run that could not be judged must not end all others; it fails the whole
            outcome = Outcome(planned, unstruck=f"it could not be judged: {type(error).__name__}: {error}")
        if not outcome.unstruck or outcome.violations:
            break
    return outcome


def strike(fault: Fault, scene: Scene) -> str:
    """Return when the fault is over; why it did not happen, if it did not."""
    try:
        fault.strike(scene)
    except UnstruckError as error:
        return str(error)
    finally:
        scene.over_at = time.monotonic()
    return ""


def wait_until_quiet(spy: Spy, patience: float = QUIET_S) -> bool:
    """Whether the lag was 0 several times in a row, all of it after now."""
    now = time.monotonic()
    while time.monotonic() < now + patience:
        fresh = [lag for at, lag, _ in spy.lags if at >= now][-QUIET_SAMPLES:]
        if len(fresh) == QUIET_SAMPLES and not any(fresh):
            return True
        time.sleep(0.05)  # lag can only be asked for
    return False

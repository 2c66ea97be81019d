"""The demo from its first server to its last figure."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from agents import NAMES, changelogs
from bookly import BlockingProducer
from bookly.events.availability import ReservationCreated
from bookly.registry import Registry
from contracts.acls import PRINCIPALS
from contracts.broker import provision_broker
from contracts.granting import grant
from contracts.registry import provision_registry
from demo.barrier import Barrier, Offsets, groups
from demo.check import Check
from demo.log import Log
from demo.university import University
from demo.week import week
from demo.workers import workers_for
from stack import Stack, state
from stack.secrets import ADMIN

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from rich.console import Console

    from demo.week import Step

KILLED_IN = "Wednesday: bookings"
LOOK_EVERY = 500  # events


class Demo:
    """One run. What it starts ends with `running`. `kill` names a domain whose worker is killed with -9 in the middle. On secured
    servers, each worker is its own principal; who plays and looks is the administrator.
    """

    def __init__(
        self, console: Console, running: ExitStack, home: Path, seed: int, size: float, kill: str = "", *, secure: bool = False
    ) -> None:
        self._console, self._running, self._home, self._kill = console, running, home, kill
        self._principals = PRINCIPALS if secure else ()
        self._university = University(seed, size)
        self._published = 0

    def start(self) -> None:
        """Servers, topics, subjects, workers. Every run is a new week on empty servers. Raises StackError, ContractError."""
        self._began = time.monotonic()
        if state.running(state.stack_directory(self._home)) is None:  # else its owner needs the data, and the next line says so
            shutil.rmtree(self._home / ".stack/data", ignore_errors=True)
        stack = self._running.enter_context(Stack.start(self._home, principals=self._principals))
        if stack.secrets is not None:
            os.environ.update(stack.secrets.environment(ADMIN))
        self.brokers, self._registry = stack.brokers, str(stack.registry)
        created, _ = provision_broker(self.brokers, changelogs())
        grant(self.brokers, [name for name, _, _ in changelogs()])
        subjects = provision_registry(self._registry)
        self._console.print(f"{len(created)} topics created, {len(subjects)} subjects in the registry")
        servers = (("BROKERS", self.brokers), ("REGISTRY", self._registry), ("REDIS", str(stack.redis)))
        self.addresses = {f"BOOKLY_{name}": address for name, address in servers}
        self._workers = self._running.enter_context(workers_for(NAMES, self.addresses, self._home / "logs", stack.secrets))
        self._barrier = Barrier(Offsets(self.brokers), groups())
        self._log = Log(self.brokers, Registry(self._registry))

    def play(self) -> None:
        """Publish the week, each step when the one before has been worked through. Raises NotQuiet, WorkerLost, BooklyError."""
        columns = (SpinnerColumn(), TextColumn("{task.description:32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with (
            Progress(*columns, console=self._console) as self._progress,
            BlockingProducer(brokers=self.brokers, registry=self._registry, source="booking-web") as self._producer,
        ):
            self._task = self._progress.add_task("a week", total=self._university.reservations)
            for step in week(self._university, self._log.read_on):
                self._step(step)
            self._progress.update(self._task, description="the week is over", completed=self._university.reservations)

    def check(self) -> Check:
        """The five flows against the recomputation, and every figure."""
        self._log.read_on()
        return Check(
            log=self._log.in_order(),
            brokers=self.brokers,
            published=self._published,
            workers=self._workers.workers,
            about={"seed": self._university.seed, "size": self._university.size},
            began=self._began,
        )

    def look(self) -> None:
        """Watch the workers, and tell what happened to them."""
        for sentence in self._workers.look():
            self._console.print(sentence, highlight=False, markup=False, soft_wrap=True)

    def _step(self, step: Step) -> None:
        self._progress.update(self._task, description=step.name)
        began, middle = time.monotonic(), len(step.happenings) // 2
        for number, (event, at, actor) in enumerate(step.happenings):
            self._producer.enqueue(event, occurred_at=at, actor=actor)
            if isinstance(event, ReservationCreated):
                self._progress.advance(self._task)
            if number % LOOK_EVERY == 0:
                self.look()
            if number == middle and self._kill and step.name == KILLED_IN:
                self._kill_now(step)
        self._producer.flush()
        self._published += len(step.happenings)
        self._barrier.wait(self.look)
        if not self._console.is_terminal:  # nobody sees the bar: a line each step
            self._console.print(
                f"{step.name}: {len(step.happenings):,} events, {time.monotonic() - began:.1f} s", highlight=False
            )

    def _kill_now(self, step: Step) -> None:
        pid = self._workers.kill(self._kill)
        sentence = f"kill -9 {pid}: the worker of {self._kill}, in the middle of {step.name!r}"
        self._console.print(sentence, highlight=False, soft_wrap=True)

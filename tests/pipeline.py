"""The whole pipeline for tests: the stack provisioned, workers as processes, and the questions that a story asks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from agents import domains
from api.tables import read_log, read_table
from bookly import BlockingProducer
from bookly.errors import MalformedBytes, UnknownSchema
from bookly.reading import decode_record
from bookly.registry import Registry
from demo.barrier import Barrier, Offsets, groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bookly.records import Record
    from stack import Stack

PATIENCE_S = 60.0
SECRET = "a-secret-for-tests-only"  # noqa: S105  # of nobody's
Answer = TypeVar("Answer")


def eventually(question: Callable[[], Answer], wanted: str, patience: float = PATIENCE_S) -> Answer:
    """The first answer that is true. Fails with what was wanted and what came last."""
    deadline = time.monotonic() + patience
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience:.0f} s: {wanted}; last answer: {answer!r}")
        time.sleep(0.1)


class Worker:
    """One worker process of one domain; its log is kept."""

    def __init__(self, domain: str, environment: dict[str, str], logs: Path) -> None:
        self.domain = domain
        self.log = logs / f"{domain}.log"
        self._environment = environment
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "agents", self.domain]
            self.process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    def kill(self) -> None:
        """As a power cut would (SIGKILL)."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end (SIGTERM); its exit code."""
        self.process.terminate()
        return self.process.wait(30)

    def says(self, words: str) -> bool:
        return words in self.log.read_text(errors="replace")


@dataclass
class Pipeline:
    """What a story does and sees."""

    stack: Stack
    producer: BlockingProducer
    registry: Registry
    logs: Path
    redis: str
    workers: dict[str, Worker] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Workers answer queries on free ports, to who knows the secret."""
        settings = {
            "BOOKLY_BROKERS": self.stack.brokers,
            "BOOKLY_REGISTRY": str(self.stack.registry),
            "BOOKLY_REDIS": self.redis,
            "BOOKLY_QUERIES": "0",
            "BOOKLY_INTERNAL_SECRET": SECRET,
            "BOOKLY_TIMERS": "off",  # events of stories happen at any time
        }
        return {**os.environ, **settings}

    def start(self, domain: str) -> Worker:
        own = self.stack.secrets.environment(domain) if self.stack.secrets else {}
        self.workers[domain] = Worker(domain, {**self.environment(), **own}, self.logs)
        return self.workers[domain]

    def wait_until_quiet(self, patience: float = PATIENCE_S) -> None:
        """Every group has worked through all there is, and what it emitted as well."""
        Barrier(Offsets(self.stack.brokers), groups(), patience).wait(self.check_workers)

    def check_workers(self) -> None:
        for worker in self.workers.values():
            code = worker.process.poll()
            assert code is None, f"worker {worker.domain} ended with {code}: {worker.log.read_text(errors='replace')[-3000:]}"

    def table(self, domain: str, table: str) -> dict[str, Any]:
        return read_table(self.stack.brokers, domain, table)

    def row(self, domain: str, table: str, key: str) -> Any:
        return self.table(domain, table).get(key)

    def events(self, topic: str, kind: type[Any] | None = None) -> list[Record]:
        """Every committed event on a topic that can be read, of one class where it is given."""
        found = []
        for message in read_log(self.stack.brokers, topic):
            with suppress(MalformedBytes, UnknownSchema):  # stories of bad input leave theirs behind
                found.append(decode_record(message.value(), self.registry)[1])
        return [event for event in found if kind is None or type(event) is kind]


@contextmanager
def pipeline(stack: Stack, logs: Path, redis: str | None = None) -> Iterator[Pipeline]:
    """Five workers over a provisioned stack; all are ended with the block. `redis`: the way to it, if not the direct one."""
    with BlockingProducer(brokers=stack.brokers, registry=str(stack.registry), source="story") as producer:
        running = Pipeline(stack, producer, Registry(str(stack.registry)), logs, redis or str(stack.redis))
        try:
            for domain in domains():
                running.start(domain)
            yield running
        finally:
            for worker in running.workers.values():
                worker.kill()
            running.registry.close()

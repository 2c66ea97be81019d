"""Services that write all the time, several at once, from a seed."""

from __future__ import annotations

import itertools
import random
import threading
import time
from typing import TYPE_CHECKING, Self

from sqlalchemy.exc import OperationalError

from tests.integration.outbox.world import write

if TYPE_CHECKING:
    from types import TracebackType

    from tests.integration.outbox.world import Database

KEYS = [f"room-{number}" for number in range(8)]
_LONGEST_S = 0.01  # how long a transaction stays open after its events were written


class Writers:
    """A transaction writes one to three events of different keys; some are rolled back. The journal knows which were not."""

    def __init__(self, database: Database, seed: int, count: int = 4) -> None:
        self._database = database
        self._numbers = itertools.count()
        self._done = threading.Event()
        self._failures: list[BaseException] = []
        self.rolled_back: list[str] = []
        self._threads = [threading.Thread(target=self._write, args=(random.Random(f"{seed}-{one}"),)) for one in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()
        if self._failures and error is None:
            raise self._failures[0]

    def _write(self, chance: random.Random) -> None:
        try:
            while not self._done.is_set():
                self._transaction(chance)
        except BaseException as failure:  # noqa: BLE001  # shown by the thread that runs the test
            self._failures.append(failure)

    def _transaction(self, chance: random.Random) -> None:
        keys = sorted(chance.sample(KEYS, chance.randint(1, 3)))  # in one order, as who takes several locks does
        try:
            with self._database.engine.connect() as connection:
                ids = [write(connection, next(self._numbers), key) for key in keys]
                time.sleep(chance.random() * _LONGEST_S)
                if chance.random() < 0.15:
                    connection.rollback()
                    self.rolled_back += ids
                else:
                    connection.commit()
        except OperationalError:
            self._done.wait(0.1)  # the server is away: whether it was committed, the journal says

"""One turn of the relay after the other, by the connection that holds its claims. Blocking, called by one thread at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from bookly.outbox import queries
from bookly.outbox.claims import claims
from bookly.outbox.rows import SHARDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from bookly.outbox.lanes import Outcome
    from bookly.outbox.metrics import Figures
    from bookly.outbox.rows import Row

_RENEW_S = 1.0
_MEASURE_S = 5.0
_PURGE_S = 60.0


class Terms(NamedTuple):
    """How a relay works; Relay says what each is. `holder`: its name among the others."""

    keep_s: float
    hold_s: float
    lease_s: float
    holder: str


class Turns:
    """What the relay does with its database. Each step is a transaction; a failure of any ends the connection."""

    def __init__(self, connection: Connection, figures: Figures, terms: Terms) -> None:
        self._connection, self._figures = connection, figures
        self._terms = terms
        self._claims = claims(connection, terms.lease_s, terms.holder)
        self._shards: frozenset[int] = frozenset()
        self._due = {"renew": 0.0, "measure": 0.0, "purge": 0.0}
        self._renew_s = min(_RENEW_S, terms.lease_s / 4)

    def enter(self) -> None:
        """Join the other relays. Raises InvalidSettings where the tables are missing."""
        with self._connection.begin():
            queries.refuse_missing(self._connection)
            self._claims.enter(self._connection)

    def take(self, settled: Outcome, busy: Sequence[int], most: int) -> list[Row]:
        """Write down what came of rows, then read up to `most` others, of our lanes that are not busy."""
        connection = self._connection
        if settled.published or settled.refused:
            with connection.begin():
                queries.settle(
                    connection, settled.published, settled.refused, keep=self._terms.keep_s > 0, hold_s=self._terms.hold_s
                )
            self._figures.published += len(settled.published)
            self._figures.refused += len(settled.refused)
        if self._is_due("renew", self._renew_s):
            with connection.begin():
                self._shards = self._claims.renew(connection, {lane % SHARDS for lane in busy})
            self._figures.shards = len(self._shards)
        if self._is_due("measure", _MEASURE_S):
            with connection.begin():
                self._figures.measured = queries.measure(connection)
        if self._terms.keep_s and self._is_due("purge", _PURGE_S):
            with connection.begin():
                queries.purge(connection, self._terms.keep_s)
        if not self._shards or not most:
            return []
        with connection.begin():
            return queries.next_rows(connection, self._shards, busy, most)

    def leave(self) -> None:
        """Another relay takes over at once."""
        with self._connection.begin():
            self._claims.leave(self._connection)

    def _is_due(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._due[what]:
            return False
        self._due[what] = now + every
        return True

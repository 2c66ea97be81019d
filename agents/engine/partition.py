"""What of one partition is not committed yet, and the transaction that commits it.

All topics that a group reads have the same number of partitions, and Faust's assignor gives the same number of each to the same
worker. So a partition *number* is the unit of everything: its tables, its transactional id, its commit. One transaction holds
the rows that changed, the events that handlers emitted, the dead letters and the offsets of the input: all of it, or none.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata
from msgspec.json import encode as to_json

from agents import ROW_BYTES
from agents.engine.committed import CommittedRows
from agents.engine.fatal import EXIT_DATA, stop_process
from agents.engine.ledger import Ledger
from agents.engine.outgoing import Outgoing
from agents.engine.parking import Parking
from agents.engine.transactions import Transactions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from faust.types import TP

    from agents.domain import Domain


class Tally(Counter[str]):
    """Of an input partition: records applied, ignored (no handler), dead-lettered, parked and released; and repeats.

    A parked or dead-lettered record that is applied later is released: applied counts those of the first attempt. A repeat is
    a transition that was illegal or made before. Failing and behind are no counts, but how the fuse stands (see Fuse).

    Of a replay partition: records applied, skipped (they were applied before), ahead (the group has not come to them yet),
    waiting (parked) and dead.

    It is committed with the offset, so it is as exact as the offset is and survives the worker.
    """

    @classmethod
    def parse(cls, metadata: str) -> Tally:
        return cls(json.loads(metadata)) if metadata.startswith("{") else cls()

    def __str__(self) -> str:
        return json.dumps(dict(sorted(self.items())), separators=(",", ":"))


class Transaction(NamedTuple):
    """What is committed together: records, the offsets behind the input; and the cache tags that are stale after it.

    `since`: when the oldest record that it follows from was written (seconds since 1970), if it follows from any. `traces`: where
    traces are kept, the spans that it follows from, and those that end with it.
    """

    records: Sequence[Outgoing]
    places: Mapping[TopicPartition, OffsetAndMetadata]
    stale: set[str]
    since: float | None = None
    traces: Any = None


class Partition:
    """One partition number of a domain: its rows, as handlers see them and as committed, and everything not committed yet."""

    def __init__(self, domain: Domain, number: int) -> None:
        self.domain = domain
        self.number = number
        self.rows: dict[str, dict[str, Any]] = {table.name: {} for table in domain.tables}
        self.committed: dict[str, CommittedRows[Any]] = {table: CommittedRows(rows) for table, rows in self.rows.items()}
        self.version: dict[str, int] = {}  # of the committed rows: the offset of each input topic up to which they have seen all
        self.state = domain.state(domain.name, self.rows)
        self.offsets: dict[TP, int] = {}
        self.tallies: defaultdict[TP, Tally] = defaultdict(Tally)
        self.parking = Parking(domain.parked, number)
        self.ledger = Ledger(domain.given_up, number)
        self.state.is_held = lambda key: key.encode() in self.parking
        self.stale: set[str] = set()
        self.traces: Any = None  # of what is not committed, kept by who keeps traces
        self._since: float | None = None
        self.is_dirty = False
        self._committed: dict[TP, int] = {}
        self._begins: dict[TP, int] = {}
        self._tallied: set[TP] = set()
        self._outgoing: list[Outgoing] = []
        self._transactions: Transactions | None = None

    async def fence(self, brokers: str) -> None:
        """From here on the former owner's transactions are refused, and what it left open is aborted."""
        self._transactions = Transactions(brokers, f"{self.domain.group}-{self.number}")
        await self._transactions.start()

    async def close(self) -> None:
        """No more transactions; an open one is aborted by whoever owns the partition next."""
        transactions, self._transactions = self._transactions, None
        if transactions is not None:
            await transactions.close()

    def tally(self, tp: TP, **counts: int) -> None:
        """Count for an input partition; committed with its offset."""
        self.tallies[tp].update(counts)
        self._tallied.add(tp)

    def reached(self, tp: TP, offset: int, *, records: int) -> None:
        """Everything before this offset is done. Behind transaction markers alone (no records) the commit can wait."""
        self.offsets[tp] = offset
        self.is_dirty = self.is_dirty or records > 0

    def done_up_to(self, tp: TP) -> int:
        """Where the input goes on: whatever lies before was applied, and must not be again."""
        offset = self.offsets.get(tp, self._committed.get(tp))
        return self._begins.get(tp, 0) if offset is None else offset

    def take_up(self, written_at: float) -> None:
        """A slice begins whose oldest record was written then (seconds since 1970): what it makes stale is so since then."""
        self._since = written_at if self._since is None else min(written_at, self._since)

    @property
    def is_behind(self) -> bool:
        """Whether an offset has moved since the last commit, be it past markers alone, or time has changed something."""
        return self.is_dirty or any(offset != self._committed.get(tp, 0) for tp, offset in self.offsets.items())

    def begin_at(self, tp: TP, offset: int) -> None:
        """Where an input begins of which nothing was ever committed."""
        self._begins[tp] = offset

    def resume_from(self, tp: TP, offset: int, metadata: str) -> None:
        """Take up the offset and the tally that the last commit left."""
        self._committed[tp] = self.version[tp.topic] = offset
        self.tallies[tp] = Tally.parse(metadata)

    def merge(self, outgoing: Iterable[Outgoing]) -> None:
        """Keep what the handlers of one or more events decided: all of them succeeded."""
        for table, view in self.state.views.items():
            self.committed[table].changed(view.merge())
        self._outgoing.extend(outgoing)
        self.state.emitted.clear()
        self.state.repeats = 0

    def merge_by_time(self, outgoing: Sequence[Outgoing], stale: Iterable[str], now: float) -> bool:
        """As `merge`, for what no record has caused, at this time (seconds since 1970). False when nothing has changed."""
        if not outgoing and not any(view.has_changed for view in self.state.views.values()):
            return False
        self.take_up(now)
        self.merge(outgoing)
        self.stale.update(stale)
        self.is_dirty = True
        return True

    def take(self) -> Transaction | None:
        """All that is not committed; None when there is nothing. What comes after it is for the next transaction.

        Where time alone has changed something, the offsets go along as they stand: rows without any would be refused at the next
        takeover, and those of a quiet group do not run out.

        From here on it counts as committed: were it not, the process would end.
        """
        offsets = {tp: offset for tp, offset in self.offsets.items() if offset != self._committed.get(tp, 0)}
        if not offsets:
            if not self.is_dirty:
                return None
            offsets = {tp: self.done_up_to(tp) for tp in self._begins.keys() | self._committed.keys()}
        offsets |= {tp: self._committed[tp] for tp in self._tallied & self._committed.keys() - offsets.keys()}
        places = {TopicPartition(*tp): OffsetAndMetadata(offset, str(self.tallies[tp])) for tp, offset in offsets.items()}
        records = [*self._changelog_records(), *self.parking.changes(), *self.ledger.changes(), *self._outgoing]
        transaction = Transaction(records, places, self.stale, self._since, self.traces)
        self._committed.update(offsets)
        self.offsets, self._outgoing, self.stale, self._since, self.is_dirty = {}, [], set(), None, False
        self.traces = None
        self._tallied.clear()
        self.parking.forget_changes()
        self.ledger.forget_changes()
        return transaction

    async def commit(self, transaction: Transaction) -> None:
        """One transaction. Raises what the broker says; then nothing of it counts and the process must end.

        The offsets follow the records: two requests of a transaction that wait in the broker together are taken for one that was
        repeated, and the first is refused (docs/decisions/0012).
        """
        transactions = self._transactions
        assert transactions is not None, "commit() before fence()"
        await transactions.write(transaction.records)
        await transactions.send_offsets(transaction.places, self.domain.group)
        await transactions.commit()
        self._settle(transaction)

    def _settle(self, transaction: Transaction) -> None:
        """Nothing can take it back now: who asks is told of it."""
        for rows in self.committed.values():
            rows.settle()
        self.version.update((place.topic, found.offset) for place, found in transaction.places.items())

    def _changelog_records(self) -> Iterator[Outgoing]:
        """One record a dirty key, however often it changed since the last commit."""
        for table, committed in self.committed.items():
            topic, rows = self.domain.changelog(table), self.rows[table]
            for key in committed.take():
                row = rows.get(key)
                value = None if row is None else to_json(row)
                if value is not None and len(value) > ROW_BYTES:
                    self._refuse(table, key, len(value))
                yield Outgoing(topic, self.number, key.encode(), value)

    def _refuse(self, table: str, key: str, size: int) -> None:
        stop_process(
            f"the row {key!r} of {self.domain.name}'s table {table} has {size:,} bytes, and a changelog takes {ROW_BYTES:,}. "
            "Nothing is committed, and a restart will stop here again: correct the handler that lets it grow without bound",
            code=EXIT_DATA,
        )

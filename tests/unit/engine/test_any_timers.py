"""Whatever is set, cancelled, failed, committed and lost in between: timers fire as a plain list of what was committed says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

from hypothesis import example, given
from hypothesis import strategies as st

from agents import timers
from agents.engine.fuse import Limits
from tests.unit.alarms import DOMAIN, failing
from tests.unit.clock import at
from tests.unit.engine.log import Log
from tests.unit.engine.world import INPUT, Record, World, naming_the_head
from tests.unit.facts import asked, cancelled

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = ("a", "b", "c")
AT_ONCE = 2
END = 1_000


class Done(NamedTuple):
    """What was done: a record set or cancelled a timer, or failed while it did; or time came to `at`, and these `fired` then."""

    what: str
    name: str = ""
    at: int = 0
    fired: tuple[str, ...] = ()


def expected(done: Sequence[Done]) -> list[tuple[str, ...]]:
    """What fires each time, in order: by the dullest way to keep timers."""
    due: dict[str, int] = {}
    fired = []
    for what, name, moment, _ in done:
        if what == "set":
            due[name] = moment
        elif what == "cancel":
            due.pop(name, None)
        elif what == "tick":
            ran_out = sorted((time, each) for each, time in due.items() if time <= moment)[:AT_ONCE]
            fired.append(tuple(each for _, each in ran_out))
            for _, each in ran_out:
                del due[each]
    return fired


@dataclass
class Worker:
    """Runs through records, dies, and is followed by another, over a log that does not die. `kept`: what is committed."""

    records: Sequence[Done]
    log: Log = field(default_factory=Log)
    kept: list[Done] = field(default_factory=list)
    now: int = 0

    def __post_init__(self) -> None:
        self.events = [event_of(record) for record in self.records]
        self.start()

    def start(self) -> None:
        self.done: list[Done] = []
        self.world = World(Limits.off(), DOMAIN, self.events)
        self.world.partition = self.world.runner.partitions[INPUT.partition] = self.log.partition(DOMAIN, INPUT.partition)

    async def hand_over(self, count: int) -> None:
        first = self.world.partition.done_up_to(INPUT)
        taken = range(first, min(first + count, len(self.records)))
        if taken:
            await self.world.give([Record(offset, str(offset).encode(), None) for offset in taken], taken.stop)
            await self.world.wait_in_vain()
            self.done += [self.records[offset] for offset in taken]

    async def tick(self, later: int) -> None:
        """Time never goes back, whoever reads it."""
        self.now += later
        owed = self.world.partition._outgoing
        before = len(owed)
        self.world.runner._applying.let_time_pass(self.world.partition, self.now)
        self.done.append(Done("tick", at=self.now, fired=tuple((record.key or b"").decode() for record in owed[before:])))

    async def commit(self, _: int = 0) -> None:
        transaction = self.world.partition.take()
        if transaction is not None:
            await self.world.partition.commit(transaction)
        self.kept += self.done
        self.done = []

    async def crash(self, _: int = 0) -> None:
        self.start()

    async def run(self, steps: Sequence[tuple[str, int]]) -> None:
        for step, number in steps:
            await getattr(self, step)(number)
        await self.hand_over(len(self.records))
        for _ in NAMES:
            await self.tick(END)
        await self.commit()

    @property
    def fired(self) -> list[tuple[str, str]]:
        """The keys and ids of what was published, as readers of the log see it."""
        found = [entry for number in range(4) for entry in self.log.topics["bookly.availability", number]]
        return [((entry.key or b"").decode(), dict(entry.headers)["ce_id"].decode()) for entry in found]


def event_of(record: Done) -> Any:
    fails = record.what.startswith("failed")
    if record.what.endswith("set"):
        event = asked(record.name, 1, 2, "fails" if fails else "ann", resource=record.name)
        event.starts_at = record.at
        return at(0, event)
    off = cancelled(record.name, record.name)
    return at(0, failing(off) if fails else off)


HISTORIES = st.lists(
    st.builds(
        Done, st.sampled_from(("set", "set", "cancel", "failed set", "failed cancel")), st.sampled_from(NAMES), st.integers(0, 20)
    ),
    max_size=12,
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("hand_over"), st.integers(1, 4)),
        st.tuples(st.just("tick"), st.integers(0, 9)),
        st.tuples(st.sampled_from(("commit", "crash")), st.just(0)),
    ),
    max_size=16,
)


@given(HISTORIES, STEPS)
@example([Done("set", "a", 1)], [("hand_over", 1), ("commit", 0), ("tick", 1), ("crash", 0), ("tick", 0), ("commit", 0)])
@example([Done("set", "a", 5), Done("failed set", "a", 9)], [("hand_over", 1), ("tick", 1), ("hand_over", 1), ("tick", 5)])
def test_a_timer_fires_once_if_it_is_due_and_never_if_it_is_cancelled(history: list[Done], steps: list[tuple[str, int]]) -> None:
    worker = Worker(history)
    with mock.patch.object(timers, "AT_ONCE", AT_ONCE):
        asyncio.run(worker.run(steps))
    fired = worker.fired
    assert len({event_id for _, event_id in fired}) == len(fired), "each setting fires at most once"
    assert [each.fired for each in worker.kept if each.what == "tick"] == expected(worker.kept)
    assert sorted(name for name, _ in fired) == sorted(name for names in expected(worker.kept) for name in names)
    last = {record.name: record.what for record in history if not record.what.startswith("failed")}
    assert {name for name, what in last.items() if what == "set"} <= {name for name, _ in fired}
    assert not worker.world.partition.rows["timers"]


async def test_the_timers_of_a_key_wait_while_its_events_wait_behind_a_failed_one() -> None:
    world = World(Limits.off(), DOMAIN)
    await world.send(event_of(Done("set", "a", 1)), event_of(Done("failed cancel", "a")), key=b"a")
    await world.send(event_of(Done("set", "b", 2)), key=b"b")
    world.runner._applying.let_time_pass(world.partition, END)
    assert sorted(world.partition.rows["timers"]) == ["alarm/a"]
    await world.command(naming_the_head(world.partition, "skip", b"a"), b"a")
    world.runner._applying.let_time_pass(world.partition, END)
    assert world.partition.rows["timers"] == {}

"""Whatever handlers change and whenever it is committed: who asks is told what the partition's next owner would read."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from agents.engine.committed import CommittedRows
from tests.unit.engine.log import Log
from tests.unit.engine.world import DOMAIN, INPUT, Count

if TYPE_CHECKING:
    from agents.engine.partition import Partition, Transaction

KEYS = ("a", "b", "c")
Step = tuple[str, Any]


@dataclass
class Owner:
    """Changes rows, one slice after another, with one commit at a time beside them; `log` is what others can read."""

    log: Log = field(default_factory=Log)
    offset: int = 0
    under_way: Transaction | None = None

    def __post_init__(self) -> None:
        self.partition: Partition = self.log.partition(DOMAIN, INPUT.partition)

    async def do(self, step: Step) -> None:
        what, changes = step
        if what == "slice":
            self.apply(changes)
            self.partition.merge([])
            self.offset += 1
            self.partition.reached(INPUT, self.offset, records=1)
        elif what == "fails":
            self.apply(changes)
            self.partition.state.discard()
        elif what == "take" and self.under_way is None:
            self.under_way = self.partition.take()
        elif what == "commit" and self.under_way is not None:
            await self.partition.commit(self.under_way)
            self.under_way = None

    def apply(self, changes: list[tuple[str, int | None]]) -> None:
        view = self.partition.state.views["counts"]
        for key, count in changes:
            if count is None:
                del view[key]
            else:
                view[key] = Count(count)

    def check(self) -> None:
        told = self.partition.committed["counts"]
        readable = self.log.partition(DOMAIN, INPUT.partition)
        assert dict(told.items()) == readable.rows["counts"]
        assert {key: told.get(key) for key in KEYS} == {key: readable.rows["counts"].get(key) for key in KEYS}
        assert self.partition.version == readable.version


changes = st.lists(st.tuples(st.sampled_from(KEYS), st.none() | st.integers(0, 3)), max_size=4)
steps = st.lists(st.tuples(st.sampled_from(["slice", "slice", "fails", "take", "commit"]), changes), max_size=30)


@given(steps)
def test_who_asks_is_told_what_is_committed_and_nothing_else(course: list[Step]) -> None:
    async def run() -> None:
        owner = Owner()
        for step in course:
            await owner.do(step)
            owner.check()

    asyncio.run(run())


async def test_a_write_is_told_after_its_commit_and_not_before() -> None:
    owner, write = Owner(), ("slice", [("a", 1)])
    seen = []
    for step in (write, ("take", None), ("slice", [("a", 2)]), ("commit", None), ("take", None), ("commit", None)):
        await owner.do(step)
        seen.append((owner.partition.committed["counts"].get("a"), owner.partition.version.get(INPUT.topic)))
    assert seen == [(None, None)] * 3 + [(Count(1), 1)] * 2 + [(Count(2), 2)]


async def test_a_new_owner_tells_what_it_recovered() -> None:
    owner = Owner()
    for step in (("slice", [("a", 1)]), ("take", None), ("commit", None), ("slice", [("a", 2)])):
        await owner.do(step)
    successor = owner.log.partition(DOMAIN, INPUT.partition)
    assert (successor.committed["counts"].get("a"), successor.version) == (Count(1), {INPUT.topic: 1})


def test_a_row_that_changed_often_before_its_commit_is_the_one_of_the_last_commit() -> None:
    rows: dict[str, int] = {"a": 0}
    committed = CommittedRows(rows)
    for count in (1, 2, 3):
        before, rows["a"] = {"a": rows["a"]}, count
        committed.changed(dict(before))
    assert committed.get("a") == 0

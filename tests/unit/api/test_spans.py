"""Rows of a span at the edge: whole, from the owner of each partition, or a reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from agents.engine.partition import Partition
from api.owners import NotAnswered, Owners, partition_of
from api.spans import BrokenOff, Elsewhere, read_rows
from tests.unit.api.test_owners import PARTITIONS, Group, group, impatient, owners  # noqa: F401  # fixtures
from tests.unit.engine.asking import DOMAIN, Booking, Runner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Kept(dict[str, Any]):
    """Rows, of which none comes twice."""

    def add(self, key: str, row: Any) -> None:
        assert key not in self
        self[key] = row


async def said(*lines: object) -> AsyncIterator[bytes]:
    for line in lines:
        yield json.dumps(line).encode() + b"\n"


FIRST = {"domain": "booked", "version": {"bookly.availability": 3}}


async def test_what_was_broken_off_is_never_taken_for_the_whole() -> None:
    sink = Kept()
    rows = [["a|1", {"seats": 1}]]
    assert await read_rows(said(FIRST, rows, {"rows": 1}), "booked", sink) == {"bookly.availability": 3}
    assert sink == {"a|1": {"seats": 1}}
    for lines in ((FIRST, rows), (FIRST, rows, {"rows": 2}), (FIRST, {"rows": 1}), (FIRST,), ()):
        with pytest.raises(BrokenOff, match="not all rows came"):
            await read_rows(said(*lines), "booked", Kept())
    with pytest.raises(BrokenOff, match="it is another's now"):
        await read_rows(said(FIRST, rows, {"reason": "it is another's now"}), "booked", Kept())
    with pytest.raises(Elsewhere):
        await read_rows(said({**FIRST, "domain": "auth"}), "booked", Kept())


@pytest.fixture
def runner(group: Group) -> Runner:  # noqa: F811
    """One worker of all partitions, which knows two hours of each of twenty rooms."""
    found = Runner(*range(PARTITIONS))
    for room in map(str, range(20)):
        for hour in (1, 2):
            number = partition_of(room, PARTITIONS)
            found.keep(number, f"{room}|{hour}", Booking("ann", seats=hour), offset=40 + number)
    return found


async def test_a_span_is_asked_of_every_owner_and_that_of_one_entity_of_its_own(
    owners: Owners,  # noqa: F811
    group: Group,  # noqa: F811
    runner: Runner,
) -> None:
    async with runner.answering() as address:
        group.say(dict.fromkeys(range(PARTITIONS), address))
        sinks, version = await owners.between("booked", "bookings", Kept, since=2, until=3)
        assert sorted(key for sink in sinks for key in sink) == sorted(f"{room}|2" for room in range(20))
        assert version == {f"bookly.availability/{number}": 40 + number for number in range(PARTITIONS)}
        number = partition_of("7", PARTITIONS)
        alike = next(name for name in (f"7{more}" for more in range(99)) if partition_of(name, PARTITIONS) == number)
        runner.keep(number, f"{alike}|1", Booking("ann"), offset=40 + number)
        [sink], version = await owners.between("booked", "bookings", Kept, since=1, until=3, of="7")
        assert sorted(sink) == ["7|1", "7|2"]
        assert version == {f"bookly.availability/{number}": 40 + number}


@pytest.mark.usefixtures("impatient")
async def test_one_owner_that_does_not_answer_is_no_partial_answer(
    owners: Owners,  # noqa: F811
    group: Group,  # noqa: F811
    runner: Runner,
) -> None:
    async with runner.answering() as address:
        group.say(dict.fromkeys(range(PARTITIONS), address))
        del runner.partitions[2]
        with pytest.raises(NotAnswered, match="partition 2 of bookly-booked is not this worker's"):
            await owners.between("booked", "bookings", Kept, since=1, until=3)
        runner.partitions[2] = Partition(DOMAIN, 2)
        runner.keep(2, "no time", Booking("ann"))
        with pytest.raises(NotAnswered, match="the owner of partition 2 of bookly-booked broke off: the keys of this table"):
            await owners.between("booked", "bookings", Kept, since=1, until=3)
        with pytest.raises(NotAnswered, match="refused the question"):
            await owners.between("booked", "bookings", Kept, since=-1, until=3)

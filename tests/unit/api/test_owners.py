"""An answer is the owner's, or there is none: whoever is asked in its place, and however the group changes meanwhile."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

import api.owners
from agents.engine.encoding import Encoding
from api.assignments import Assignment
from api.owners import NotAnswered, Owners, partition_of
from bookly.errors import BrokerUnavailable
from tests.unit.engine.asking import SECRET, Booking, Runner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PARTITIONS = 4


@dataclass
class Group:
    """What the broker says, one answer after another; the last one stays."""

    answers: list[Assignment | Exception] = field(default_factory=list)
    looks: int = 0
    known: Assignment | None = None

    def __call__(self, _: str) -> Group:
        return self

    def say(self, *answers: dict[int, str] | Exception) -> None:
        self.answers = [Assignment(PARTITIONS, one) if isinstance(one, dict) else one for one in answers]

    async def of(self, _: str, *, outdated: Assignment | None = None) -> Assignment:
        if self.known is None or self.known is outdated:
            self.looks += 1
            said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if isinstance(said, Exception):
                raise said
            self.known = Assignment(*said)
        return self.known


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> Group:
    group = Group()
    monkeypatch.setattr(api.owners, "Assignments", group)
    monkeypatch.setattr(api.owners, "PATIENCE_S", 10.0)  # of a test that expects an answer: a busy machine may pause for long
    monkeypatch.setattr(api.owners, "ATTEMPT_S", 10.0)
    monkeypatch.setattr(api.owners, "PAUSE_S", 0.01)
    return group


@pytest.fixture
def impatient(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test that expects none."""
    monkeypatch.setattr(api.owners, "PATIENCE_S", 0.5)


@pytest.fixture
async def owners(group: Group) -> AsyncIterator[Owners]:
    async with Owners("broker:9092", SECRET) as owners:
        yield owners


@pytest.fixture
async def workers(group: Group) -> AsyncIterator[tuple[Runner, Runner]]:
    """Two, which share the partitions and know one booking each partition."""
    runners = Runner(0, 1), Runner(2, 3)
    async with AsyncExitStack() as stack:
        addresses = [await stack.enter_async_context(runner.answering()) for runner in runners]
        group.say({number: addresses[number // 2] for number in range(PARTITIONS)})
        for number in range(PARTITIONS):
            runners[number // 2].keep(number, f"b-{number}", Booking("ann", seats=number), offset=number)
        yield runners


def test_keys_lie_where_the_producers_put_them() -> None:
    encoding = Encoding({}, PARTITIONS)
    keys = [f"room-{number}" for number in range(200)] + ["é", "", "a|b"]
    assert [partition_of(key, PARTITIONS) for key in keys] == [encoding.partition_of(key.encode()) for key in keys]


async def test_a_row_is_asked_of_the_owner_of_its_partition(owners: Owners, workers: Any) -> None:
    key = next(key for key in map(str, range(99)) if partition_of(key, PARTITIONS) == 3)
    assert await owners.row("booked", "bookings", "b-3", routed_by=key) == (
        {"user_id": "ann", "seats": 3, "paid": False},
        {"bookly.availability": 3},
    )
    assert (await owners.row("booked", "bookings", "b-2", routed_by=key)).value is None, "it is in another partition"


async def test_a_row_of_which_nobody_knows_the_partition_is_found(owners: Owners, workers: Any) -> None:
    found = await owners.find("booked", "bookings", "b-2")
    assert found.value["seats"] == 2
    assert found.version == {f"bookly.availability/{number}": number for number in range(PARTITIONS)}
    assert (await owners.find("booked", "bookings", "b-9")).value is None


async def test_rows_are_gathered_from_all_partitions_in_order_of_their_keys(owners: Owners, workers: Any) -> None:
    assert [key for key, _ in (await owners.rows("booked", "bookings")).rows] == ["b-0", "b-1", "b-2", "b-3"]
    some = await owners.rows("booked", "bookings", where={"user_id": "ann"}, limit=3)
    assert ([key for key, _ in some.rows], some.more) == (["b-0", "b-1", "b-2"], True)
    every = await owners.rows("booked", "bookings", limit=None)
    assert ([key for key, _ in every.rows], every.more) == (["b-0", "b-1", "b-2", "b-3"], False)
    each = await owners.rows("booked", "by_user")
    assert [key for key, _ in each.rows] == ["ann"] * PARTITIONS, "an index has a row of a key in each partition"


@pytest.mark.usefixtures("impatient")
async def test_one_partition_that_does_not_answer_is_no_partial_answer(owners: Owners, workers: tuple[Runner, Runner]) -> None:
    workers[1].is_member = False
    for question in (owners.rows("booked", "bookings"), owners.find("booked", "bookings", "b-0")):
        with pytest.raises(NotAnswered, match=r"partition \d of bookly-booked may be another worker's.*\. Ask again in 2 s\."):
            await question
    del workers[1].partitions[3]
    workers[1].is_member = True
    with pytest.raises(NotAnswered, match="partition 3 of bookly-booked is not this worker's"):
        await owners.rows("booked", "bookings")


async def test_the_new_owner_is_looked_for_when_the_old_one_says_that_it_is_none(
    owners: Owners, workers: tuple[Runner, Runner], group: Group
) -> None:
    await owners.find("booked", "bookings", "b-0")
    workers[0].partitions[2] = workers[1].partitions.pop(2)
    moved = dict(group.answers[0].owners)  # type: ignore[union-attr]
    group.say({}, BrokerUnavailable("broker:9092", 1, "no answer"), {**moved, 2: moved[0]})
    assert (await owners.find("booked", "bookings", "b-2")).value["seats"] == 2
    assert group.looks == 4


async def test_a_partition_that_is_being_recovered_is_waited_for(owners: Owners, workers: tuple[Runner, Runner]) -> None:
    recovered, workers[1].taking = workers[1].partitions.pop(2), frozenset({2})
    asking = asyncio.create_task(owners.find("booked", "bookings", "b-2"))
    await asyncio.sleep(0.05)
    workers[1].partitions[2] = recovered
    assert (await asking).value["seats"] == 2


@pytest.mark.usefixtures("impatient")
async def test_a_worker_that_is_gone_or_silent_gives_no_answer_but_a_reason(
    owners: Owners, workers: Any, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.owners, "ATTEMPT_S", 0.2)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent, closing(socket.socket()) as gone:
        gone.bind(("127.0.0.1", 0))
        for one, why in ((silent, "TimeoutError"), (gone, "ClientConnectorError")):
            group.known = None
            group.say(dict.fromkeys(range(PARTITIONS), f"127.0.0.1:{one.getsockname()[1]}"))
            with pytest.raises(NotAnswered, match=rf"the owner of partition \d of bookly-booked does not answer \({why}\)"):
                await owners.find("booked", "bookings", "b-0")


@pytest.mark.usefixtures("impatient")
async def test_another_worker_at_the_address_of_one_that_is_gone_is_not_believed(owners: Owners, group: Group) -> None:
    runner = Runner(*range(PARTITIONS))
    async with runner.answering() as address:
        group.say(dict.fromkeys(range(PARTITIONS), address))
        for table in ("bookings", "a table that it does not have"):
            with pytest.raises(NotAnswered, match="somebody else has its address"):
                await owners.find("resources", table, "b-0")


@pytest.mark.usefixtures("impatient")
async def test_what_is_no_answer_of_a_worker_is_not_believed(owners: Owners, group: Group) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response([])

    application = web.Application()
    application.router.add_get("/{any:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    group.say(dict.fromkeys(range(PARTITIONS), runner.addresses[0][0] + f":{runner.addresses[0][1]}"))
    with pytest.raises(NotAnswered, match="somebody else has its address"):
        await owners.find("booked", "bookings", "b-0")
    await runner.cleanup()


async def test_a_question_that_is_refused_is_not_asked_again(owners: Owners, workers: Any, group: Group) -> None:
    with pytest.raises(NotAnswered, match=r"refused the question \(400\): rows of bookings have no field 'colour'"):
        await owners.rows("booked", "bookings", where={"colour": "red"})
    async with Owners("broker:9092", "another-secret-of-tests") as strangers:
        with pytest.raises(NotAnswered, match="their internal secrets differ"):
            await strangers.find("booked", "bookings", "b-0")
    assert group.looks == 1


@pytest.mark.usefixtures("impatient")
async def test_without_a_broker_or_topics_nobody_is_taken_for_the_owner(owners: Owners, group: Group) -> None:
    group.say(BrokerUnavailable("broker:9092", 1, "no answer"))
    with pytest.raises(NotAnswered, match="who owns the rows of booked is not known: No Kafka broker at broker:9092"):
        await owners.find("booked", "bookings", "b-0")
    group.answers = [Assignment(0, {})]
    with pytest.raises(NotAnswered, match="the topics of booked are not provisioned"):
        await owners.find("booked", "bookings", "b-0")


def test_the_secret_is_never_shown() -> None:
    assert SECRET not in repr(Owners("broker:9092", SECRET)) + str(vars(NotAnswered("why")))

"""Who asks is told the truth by whoever owns the rows, or nothing: while events pour in, and while workers come, stop and die."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from api.owners import Answers, NotAnswered, Owners, partition_of
from api.tables import read_rows
from tests.integration.engine.worlds import PARTITIONS
from tests.integration.queries.group import TOPIC, eventually
from tests.unit.engine.asking import ask

if TYPE_CHECKING:
    from tests.integration.queries.group import Group, QueryWorker

POURED = 8_000


def resource_in(number: int, prefix: str) -> str:
    """A resource whose events lie in this partition."""
    return next(name for name in (f"{prefix}-{n}" for n in range(100)) if partition_of(name, PARTITIONS) == number)


async def test_the_owner_answers_with_the_row_and_knows_what_is_not_there(group: Group, owners: Owners) -> None:
    group.book("one", user="bob", resource="hall-1")

    async def kept() -> Any:
        return (await owners.row("booked", "bookings", "one", routed_by="hall-1")).value

    assert (await eventually(kept, "the booking is kept"))["user_id"] == "bob"
    assert (await owners.find("booked", "bookings", "one")).value["user_id"] == "bob"
    assert (await owners.find("booked", "bookings", "nobody's")).value is None
    assert [key for key, _ in (await owners.rows("booked", "bookings", where={"user_id": "bob"})).rows] == ["one"]


async def test_who_has_no_secret_or_asks_for_what_is_not_there_is_refused(group: Group, owners: Owners) -> None:
    address = (await group.shared_by(1))[0]
    await eventually(lambda: owners.rows("booked", "bookings"), "the group answers")
    assert (await ask(address, "/tables/bookings/one?partition=0", "not-the-secret-of-it"))[0] == 401
    assert (await ask(address, "/tables/nothing/one?partition=0"))[0] == 404
    assert (await ask(address, "/tables/bookings/one?partition=4"))[0] == 421
    async with Owners(group.brokers, "not-the-secret-of-it") as strangers:
        with pytest.raises(NotAnswered, match="internal secrets differ"):
            await strangers.find("booked", "bookings", "one")


async def test_while_events_pour_in_rows_are_those_of_their_version_and_in_the_end_all(group: Group, owners: Owners) -> None:
    await eventually(lambda: owners.rows("booked", "bookings"), "the group answers")
    group.wait_until_quiet()
    before = group.ends()
    names = [f"poured-{number}" for number in range(POURED)]
    pouring = asyncio.gather(
        *(asyncio.to_thread(group.book, *names[part::4], user="cleo", resource=f"hall-{part}") for part in range(4))
    )
    looks, seen = 0, 0
    while seen < POURED:
        found = await owners.rows("booked", "bookings", where={"seats": "1"}, limit=10_000)
        read = {number: found.version.get(f"{TOPIC}/{number}", before[number]) for number in range(PARTITIONS)}
        seen = sum(1 for key, _ in found.rows if key.startswith("poured-"))
        assert seen == sum(read.values()) - sum(before.values()), "rows and version are of one commit"
        looks += 1
    await pouring
    group.wait_until_quiet()
    assert read == group.committed()
    assert looks > 3, "else it was over before it was looked at"


async def test_rows_are_gathered_from_all_workers_and_each_refuses_what_is_the_others(group: Group, owners: Owners) -> None:
    names = {f"gathered-{number}": resource_in(number, "gather") for number in range(PARTITIONS)}
    for name, resource in names.items():
        group.book(name, user="dora", resource=resource)
    group.workers.append(group.another())
    addresses = await group.shared_by(2)

    async def of_dora() -> Any:
        found = await owners.rows("booked", "bookings", where={"user_id": "dora"})
        return len(found.rows) == PARTITIONS and found

    assert [key for key, _ in (await eventually(of_dora, "all four are found")).rows] == sorted(names)
    index = (await owners.rows("booked", "by_user")).rows
    assert sorted(index, key=str) == sorted(await asyncio.to_thread(read_rows, group.brokers, "booked", "by_user"), key=str)
    assert [key for key, _ in index].count("dora") == PARTITIONS
    for number, address in addresses.items():
        stranger = next(other for other in addresses.values() if other != address)
        assert (await ask(address, f"/tables/bookings/gathered-{number}?partition={number}"))[1]["value"]["user_id"] == "dora"
        assert (await ask(stranger, f"/tables/bookings/gathered-{number}?partition={number}"))[0] == 421


async def test_when_a_worker_is_killed_answers_are_whole_or_there_are_none_until_another_has_taken_over(
    group: Group, owners: Owners
) -> None:
    addresses = await group.shared_by(len(group.workers))
    whole = await eventually(lambda: owners.rows("booked", "bookings", limit=10_000), "all rows are told")
    survivor, killed = await _kill_one(group, addresses)
    refused = 0
    for _ in range(600):
        try:
            found = await owners.rows("booked", "bookings", limit=10_000)
        except NotAnswered:
            refused += 1
            continue
        _is_whole(found, whole)
        if set((await group.addresses()).values()) == {survivor}:
            break
    else:
        raise AssertionError("nobody took over")
    assert refused, f"{killed} owned partitions, and nobody can have answered for them at once"
    _is_whole(await eventually(lambda: owners.rows("booked", "bookings", limit=10_000), "all again"), whole)


def _is_whole(found: Answers, whole: Answers) -> None:
    assert found.rows == whole.rows
    assert all(found.version[place] >= offset for place, offset in whole.version.items())


async def _kill_one(group: Group, addresses: dict[int, str]) -> tuple[str, str]:
    """The address of the worker that is left, and of the one that was killed."""
    worker = group.workers.pop()
    worker.kill()
    [killed] = {address for address in set(addresses.values()) if not await _listens(address)}
    [left] = set(addresses.values()) - {killed}
    return left, killed


async def _listens(address: str) -> bool:
    try:
        await ask(address, "/")
    except aiohttp.ClientError:
        return False
    return True


async def test_a_worker_that_was_stopped_until_others_took_over_tells_nothing_old_when_it_runs_again(
    group: Group, owners: Owners
) -> None:
    own = set((await group.shared_by(1)).values())
    zombie = group.another()
    try:
        addresses = await group.shared_by(2)
        number, address = next((number, address) for number, address in addresses.items() if address not in own)
        await _stop_and_change(group, owners, zombie, number)
        path = f"/tables/bookings/changed?partition={number}"
        waiting = [asyncio.create_task(_told(address, path)) for _ in range(20)]
        await asyncio.sleep(0.2)  # they are connected, and wait in the kernel for a process that does not run
        zombie.process.send_signal(signal.SIGCONT)
        told = await asyncio.gather(*waiting)
        until = asyncio.get_running_loop().time() + 5
        while asyncio.get_running_loop().time() < until:
            told.append(await _told(address, path))
        assert set(told) <= {"refused", "new"}, "an old row as if it were true"
        assert "refused" in told
    finally:
        zombie.kill()


async def _stop_and_change(group: Group, owners: Owners, zombie: QueryWorker, number: int) -> None:
    """A row of the partition is old where the zombie keeps it, and new with the next owner."""
    resource = resource_in(number, "zombie")

    async def user() -> Any:
        return ((await owners.row("booked", "bookings", "changed", routed_by=resource)).value or {}).get("user_id")

    async def is_of(name: str) -> bool:
        return bool(await user() == name)

    group.book("changed", user="old", resource=resource)
    await eventually(lambda: is_of("old"), "the zombie keeps it")
    zombie.process.send_signal(signal.SIGSTOP)
    group.book("changed", user="new", resource=resource)
    await eventually(lambda: is_of("new"), "the next owner has changed it")


async def _told(address: str, path: str) -> str:
    try:
        status, found = await ask(address, path)
    except aiohttp.ClientError:
        return "refused"
    return str((found["value"] or {}).get("user_id")) if status == 200 else "refused"

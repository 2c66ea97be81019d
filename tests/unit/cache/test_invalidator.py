"""What is remembered, sent and kept, whatever the link does: no tag is lost that was added."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, cast

import pytest

from bookly.cache import Invalidator
from bookly.cache.invalidator import AT_ONCE, LIMIT_S
from bookly.cache.server import PAUSES_S, RESENT_S, AwayError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from bookly.cache.link import Link


class FakePipeline:
    def __init__(self, link: FakeLink) -> None:
        self.link = link
        self.commands: list[list[str]] = []

    def eval(self, script: str, count: int, *tags: str) -> None:
        assert "KEEPTTL" in script
        assert count == len(tags)
        self.commands.append(sorted(tags))

    async def execute(self) -> None:
        self.link.began.set()
        await self.link.open.wait()
        self.link.moved += self.commands


class FakeLink:
    """A link whose only server, itself, takes scripts while its gate is open, and is away while `away`."""

    def __init__(self) -> None:
        self.away = False
        self.moved: list[list[str]] = []
        self.began, self.open = asyncio.Event(), asyncio.Event()
        self.open.set()
        self.shut_s = 0.0

    @property
    def healthy(self) -> bool:
        return not self.away

    def pipeline(self, *, transaction: bool) -> FakePipeline:
        assert not transaction
        return FakePipeline(self)

    async def by_server(self, keys: Iterable[str]) -> dict[Any, list[list[str]]]:
        return {self: [list(keys)]}

    async def call(self, command: Callable[[Any], Awaitable[Any]]) -> Any:
        if self.away:
            raise AwayError("away")
        return await command(self)


@pytest.fixture
def link() -> FakeLink:
    return FakeLink()


def invalidator_on(link: FakeLink, remember: int = 50_000) -> Invalidator:
    return Invalidator(cast("Link", link), remember=remember)


async def settled(invalidator: Invalidator) -> None:
    assert invalidator._resending is not None
    await invalidator._resending
    assert (invalidator.pending, invalidator.healthy) == (0, True)


async def test_the_tags_of_a_batch_go_once_each_and_in_one_pipeline(link: FakeLink) -> None:
    invalidator = invalidator_on(link)
    invalidator.add(["res:gen:a", "res:gen:b"])
    invalidator.add(["res:gen:b"])
    await invalidator.send()
    await invalidator.send()
    assert link.moved == [["res:gen:a", "res:gen:b"]]


async def test_a_tag_that_is_added_again_while_it_is_on_its_way_is_sent_again(link: FakeLink) -> None:
    """The second commit came after the first script may have run."""
    invalidator = invalidator_on(link)
    link.open.clear()
    invalidator.add(["res:gen:a"])
    sending = asyncio.create_task(invalidator.send())
    await link.began.wait()
    invalidator.add(["res:gen:a"])
    assert invalidator.pending == 1
    link.open.set()
    await sending
    await invalidator.send()
    assert link.moved == [["res:gen:a"], ["res:gen:a"]]


async def test_a_send_that_is_cancelled_forgets_nothing(link: FakeLink) -> None:
    invalidator = invalidator_on(link)
    link.open.clear()
    invalidator.add(["res:gen:a"])
    sending = asyncio.create_task(invalidator.send())
    await link.began.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert invalidator.pending == 1
    link.open.set()
    await invalidator.send()
    assert link.moved == [["res:gen:a"]]


async def test_away_it_is_remembered_and_sent_in_the_background_with_what_came_since(link: FakeLink) -> None:
    invalidator = invalidator_on(link)
    link.away = True
    for tag in ("res:gen:a", "res:gen:b", "res:gen:a"):
        invalidator.add([tag])
        await invalidator.send()
    assert (invalidator.pending, invalidator.healthy) == (2, False)
    link.away = False
    await settled(invalidator)
    assert link.moved == [["res:gen:a", "res:gen:b"]]


async def test_what_one_server_of_a_cluster_took_is_not_sent_again_when_another_is_away(link: FakeLink) -> None:
    class Two(FakeLink):
        async def by_server(self, keys: Iterable[str]) -> dict[Any, list[list[str]]]:
            return {each: held for each in (self, link) if (held := [[key for key in keys if (key > "b") is (each is link)]])[0]}

    two = Two()
    invalidator = invalidator_on(two)
    link.away = True
    invalidator.add(["a", "c"])
    await invalidator.send()
    assert (two.moved, invalidator.pending) == ([["a"]], 1)
    link.away = False
    await settled(invalidator)
    assert (two.moved, link.moved) == ([["a"]], [["c"]])


async def test_two_sends_at_once_that_fail_start_one_resending(link: FakeLink) -> None:
    invalidator = invalidator_on(link)
    link.away = True
    before = asyncio.all_tasks()
    invalidator.add(["res:gen:a"])
    await asyncio.gather(invalidator.send(), invalidator.send())
    assert [task.get_name() for task in asyncio.all_tasks() - before if "resend" in task.get_name()] == ["resend invalidations"]
    await invalidator.close()
    assert asyncio.all_tasks() == before


async def test_beyond_the_limit_the_services_complete_tags_stand_for_all(link: FakeLink) -> None:
    invalidator = invalidator_on(link, remember=10)
    invalidator.add(["res:of:lists", *(f"avail:gen:reservation:{number}" for number in range(10))])
    assert invalidator.pending == 2
    await invalidator.send()
    assert link.moved == [["avail:all", "res:all"]]


async def test_many_tags_go_in_scripts_that_do_not_hold_redis_up_for_long(link: FakeLink) -> None:
    invalidator = invalidator_on(link)
    invalidator.add(f"res:gen:{number}" for number in range(2_500))
    await invalidator.send()
    assert [len(command) for command in link.moved] == [1000, 1000, 500]


async def test_one_call_takes_no_more_than_a_server_can_within_its_limit_and_what_it_took_is_not_sent_again(
    link: FakeLink,
) -> None:
    calls = 0

    async def call(command: Callable[[Any], Awaitable[Any]]) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise AwayError("it did not answer within the limit")
        before = len(link.moved)
        await command(link)
        assert sum(map(len, link.moved[before:])) <= AT_ONCE

    link.call = call  # type: ignore[method-assign]
    invalidator = invalidator_on(link)
    invalidator.add(f"res:gen:{number}" for number in range(2_500))
    await invalidator.send()
    assert invalidator.pending == 500
    await settled(invalidator)
    assert sorted(tag for command in link.moved for tag in command) == sorted(f"res:gen:{number}" for number in range(2_500))


async def test_while_one_server_is_away_the_others_are_told_at_once(link: FakeLink) -> None:
    class Two(FakeLink):
        async def by_server(self, keys: Iterable[str]) -> dict[Any, list[list[str]]]:
            return {each: held for each in (self, link) if (held := [[key for key in keys if (key > "b") is (each is link)]])[0]}

    two = Two()
    two.shut_s = 60.0  # the resender waits so long
    invalidator = invalidator_on(two)
    link.away = True
    for tag in ("c", "a"):
        invalidator.add([tag])
        await invalidator.send()
    assert (two.moved, invalidator.pending) == ([["a"]], 1)
    await invalidator.close()


def test_readers_doubt_for_longer_than_who_remembers_waits_between_two_tries() -> None:
    assert PAUSES_S[-1] + LIMIT_S < RESENT_S


async def test_staleness_is_measured_from_the_oldest_cause_to_the_move_also_while_redis_was_away(link: FakeLink) -> None:
    invalidator = invalidator_on(link)
    link.away = True
    now = time.time()
    invalidator.add(["res:gen:status:{r-1}"], now - 3)
    await invalidator.send()
    invalidator.add(["res:gen:status:{r-2}", "res:of:lists:{res:all}"], now - 1)
    assert invalidator.staleness.by_type() == {}
    link.away = False
    await settled(invalidator)
    assert invalidator.staleness.invalidations() == {"resource_status": 2, "list": 1, "search": 1}
    spreads = invalidator.staleness.by_type()
    assert set(spreads) == {"resource_status", "list", "search"}
    assert 3 <= spreads["resource_status"].longest_s < 3 + time.time() - now + 0.1
    assert sum(spreads["resource_status"].counts) == 2


async def test_what_has_no_cause_is_counted_and_not_measured(link: FakeLink) -> None:
    invalidator = invalidator_on(link)
    invalidator.add(["auth:gen:rate:login:{u-1}", "avail:all"])
    await invalidator.send()
    assert invalidator.staleness.invalidations()["rate_limit"] == 1
    assert invalidator.staleness.invalidations()["waitlist"] == 1
    assert invalidator.staleness.by_type() == {}

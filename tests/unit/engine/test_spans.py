"""A span of rows is told whole, a few at a time, or its last line says why it is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import aiohttp
import pytest
from yarl import URL

import agents.engine.spans
from agents.engine.owning import NotOwned, Ownership
from agents.engine.spans import Span, told
from tests.unit.engine.asking import SECRET, Booking, Runner

if TYPE_CHECKING:
    pass


async def lines(address: str, given: str) -> list[Any]:
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {SECRET}"}) as session,
        session.get(URL(f"http://{address}/spans/bookings?partition=0&{given}", encoded=True)) as response,
    ):
        return [json.loads(line) async for line in response.content]


def runner(*keys: str) -> Runner:
    found = Runner(0)
    for seats, key in enumerate(keys):
        found.keep(0, key, Booking("ann", seats=seats), offset=seats)
    return found


async def test_the_rows_of_a_span_are_told_with_how_many_they_are_and_of_which_version() -> None:
    async with runner("a|1", "a|2", "b|2", "a|3", "a|b|2").answering() as address:
        first, rows, last = await lines(address, "since=2&until=3")
        assert first == {"domain": "booked", "version": {"bookly.availability": 4}}
        assert {key: row["seats"] for key, row in rows} == {"a|2": 1, "b|2": 2, "a|b|2": 4}
        assert last == {"rows": 3}
        _, rows, last = await lines(address, "since=1&until=9&prefix=a%7C")
        assert [key for key, _ in rows] == ["a|1", "a|2", "a|3", "a|b|2"]
        assert (await lines(address, "since=8&until=9"))[1:] == [{"rows": 0}]


async def test_a_long_span_comes_in_many_lines_and_none_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents.engine.spans, "AT_ONCE", 7)
    monkeypatch.setattr(agents.engine.spans, "A_LINE", 3)
    keys = [f"room|{number}" for number in range(100)]
    async with runner(*keys).answering() as address:
        first, *some, last = await lines(address, "since=0&until=1000")
    assert "version" in first
    assert len(some) > 30
    assert sorted(key for line in some for key, _ in line) == sorted(keys)
    assert last == {"rows": 100}


@pytest.mark.parametrize(("then", "why"), [((), "is not this worker's"), (("room|1",), "taken back")])
async def test_who_loses_the_partition_meanwhile_does_not_go_on(
    monkeypatch: pytest.MonkeyPatch, then: tuple[str], why: str
) -> None:
    monkeypatch.setattr(agents.engine.spans, "AT_ONCE", 1)
    found = runner("room|1", "room|2")
    ownership = Ownership(cast("Any", found), lambda: True)
    telling = told(lambda: ownership.partition(0), "bookings", Span(0, 9))
    assert json.loads(await anext(telling))[0][0] == "room|1"
    found.partitions = runner(*then).partitions if then else {}
    with pytest.raises(NotOwned, match=why):
        await anext(telling)


async def test_the_reason_for_which_it_broke_off_is_the_last_line() -> None:
    async with runner("room|1", "no time").answering() as address:
        told_ = await lines(address, "since=0&until=1")
    assert "rows" not in told_[-1]
    assert told_[-1]["reason"] == "the keys of this table do not end in a time"


@pytest.mark.parametrize("given", ["", "since=1", "since=1&until=x", "since=-1&until=2", "since=1&until=2&seats=1"])
async def test_a_span_that_is_none_is_refused_before_the_first_line(given: str) -> None:
    async with runner().answering() as address:
        [refused] = await lines(address, given)
    assert refused["domain"] == "booked"
    assert refused["reason"]

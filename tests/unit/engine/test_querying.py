"""A worker tells of rows that it owns, and says why where it does not."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from agents.engine.listening import listening
from bookly.errors import InvalidSettings
from tests.unit.engine.asking import Booking, Runner, ask, keep


async def test_the_owner_answers_with_the_row_and_how_far_it_has_read() -> None:
    runner = Runner(2)
    runner.keep(2, "b-1", Booking("ann"), offset=7)
    async with runner.answering() as address:
        assert await ask(address, "/tables/bookings/b-1?partition=2") == (
            200,
            {
                "domain": "booked",
                "value": {"user_id": "ann", "seats": 1, "paid": False},
                "version": {"bookly.availability": 7},
            },
        )


async def test_the_owner_knows_that_there_is_no_row() -> None:
    async with Runner(2).answering() as address:
        status, found = await ask(address, "/tables/bookings/b-1?partition=2")
    assert (status, found["value"]) == (200, None)


async def test_what_is_not_committed_is_not_told() -> None:
    runner = Runner(2)
    runner.keep(2, "b-1", Booking("ann"))
    keep(runner.partitions[2].state, "b-1", Booking("bob"))  # type: ignore[arg-type]  # a Booked
    keep(runner.partitions[2].state, "b-2", Booking("bob"))  # type: ignore[arg-type]
    runner.partitions[2].merge([])
    async with runner.answering() as address:
        assert (await ask(address, "/tables/bookings/b-1?partition=2"))[1]["value"]["user_id"] == "ann"
        assert list((await ask(address, "/tables/bookings?partition=2"))[1]["rows"]) == ["b-1"]
        assert (await ask(address, "/tables/bookings?partition=2&user_id=bob"))[1]["rows"] == {}


@pytest.mark.parametrize("key", ["a/b", "a b|c%2F", "é", "x?y#z&partition=1", "+", "..a", "a//b"])
async def test_a_key_may_be_any_text(key: str) -> None:
    runner = Runner(0)
    runner.keep(0, key, Booking("ann"))
    async with runner.answering() as address:
        status, found = await ask(address, f"/tables/bookings/{quote(key, safe='')}?partition=0")
    assert (status, found["value"]["user_id"]) == (200, "ann")


@pytest.mark.parametrize(
    ("path", "code", "reason"),
    [
        ("/tables/bookings/b-1?partition=1", 421, "partition 1 of bookly-booked is not this worker's"),
        ("/tables/bookings?partition=3", 503, "partition 3 of bookly-booked is being recovered from its changelogs"),
        ("/tables/nothing/b-1?partition=2", 404, "booked has no table 'nothing'; it has bookings, by_user"),
        ("/tables/bookings/b-1", 400, "partition is '': it must be a whole number"),
        ("/tables/bookings?partition=2&limit=-1", 400, "limit is '-1': it must be a whole number, at most 10,000"),
        ("/tables/bookings?partition=2&colour=red", 400, "rows of bookings have no field 'colour'; they have user_id, seats"),
        ("/tables/bookings?partition=2&seats=many", 400, "seats of bookings is never 'many'"),
        ("/nothing", 404, "Not Found: ask GET /tables/{table}/{key}?partition=N"),
    ],
)
async def test_what_is_refused_is_refused_with_a_reason(path: str, code: int, reason: str) -> None:
    runner = Runner(2)
    runner.taking = frozenset({3})
    async with runner.answering() as address:
        status, found = await ask(address, path)
    assert (status, found["domain"]) == (code, "booked")
    assert found["reason"].startswith(reason)


@pytest.mark.parametrize("secret", ["another-secret-of-tests", "", "a-secret-for-tests-onlyy", "é"])
async def test_nobody_is_answered_without_the_secret(secret: str) -> None:
    runner = Runner(2)
    runner.keep(2, "b-1", Booking("ann"))
    async with runner.answering() as address:
        for path in ("/tables/bookings/b-1?partition=2", "/tables/nothing", "/"):
            status, found = await ask(address, path, secret)
            assert status == 401
            assert "ann" not in str(found)


async def test_a_worker_that_may_have_been_replaced_tells_nothing() -> None:
    runner = Runner(2)
    runner.keep(2, "b-1", Booking("ann"))
    async with runner.answering() as address:
        runner.is_member = False
        status, found = await ask(address, "/tables/bookings/b-1?partition=2")
        assert status == 421
        assert "may be another worker's" in found["reason"]
        runner.is_member = True
        assert (await ask(address, "/tables/bookings/b-1?partition=2"))[0] == 200


async def test_rows_are_the_first_by_key_and_it_says_whether_there_are_more() -> None:
    runner = Runner(0)
    for number in (3, 1, 2):
        runner.keep(0, f"b-{number}", Booking("ann", seats=number, paid=number > 1))
    async with runner.answering() as address:
        for question, keys, more in (
            ("", ["b-1", "b-2", "b-3"], False),
            ("&limit=2", ["b-1", "b-2"], True),
            ("&seats=2", ["b-2"], False),
            ("&paid=true&limit=1", ["b-2"], True),
            ("&user_id=ann&paid=true", ["b-2", "b-3"], False),
            ("&user_id=bob", [], False),
        ):
            _, found = await ask(address, f"/tables/bookings?partition=0{question}")
            assert (list(found["rows"]), found["more"]) == (keys, more), question


async def test_of_a_field_with_an_index_no_other_row_is_looked_at_and_what_it_left_out_is_said() -> None:
    runner = Runner(0)
    for number in range(201):
        runner.keep(0, f"b-{number:03}", Booking("ann"))
    async with runner.answering() as address:
        _, found = await ask(address, "/tables/bookings?partition=0&user_id=ann")
    assert (min(found["rows"]), len(found["rows"]), found["more"]) == ("b-001", 200, True)


def test_an_address_that_is_taken_is_said() -> None:
    with (
        listening(("127.0.0.1", 0)) as port,
        pytest.raises(InvalidSettings, match=r"BOOKLY_QUERIES: cannot listen on 127.0.0.1 port .* a free port of its own"),
        listening(("127.0.0.1", int(port.name.rpartition(":")[2]) if port else 0)),
    ):
        raise AssertionError("it listened twice")


def test_the_announced_name_can_be_asked_at() -> None:
    with listening(("::1", 0)) as port, listening(("0.0.0.0", 0)) as everywhere:  # noqa: S104  # what is asked for
        assert port is not None
        assert everywhere is not None
        assert port.name == f"[::1]:{port.socket.getsockname()[1]}"
        assert not everywhere.name.startswith("0.0.0.0")  # noqa: S104

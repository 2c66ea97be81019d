"""The bench beyond what it shares with the engine: unexpected failures, rows that would not come back, what it loads."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from msgspec import Struct

from agents.availability import DOMAIN as AVAILABILITY
from agents.domain import Domain
from agents.state import State, Table
from bookly.cache.types import RESERVATION
from bookly.errors import MalformedBytes, UnknownSchema
from bookly.records.availability import ReservationCancelled, ReservationCreated, ReservationNoShow
from bookly.testing import InMemorySchemas, given, happened
from bookly.testing.events import MONDAY
from tests.unit.facts import ROOM, asked, cancelled

DAY = 24 * 3_600_000_000


class Row(Struct, frozen=True):
    value: Any


class Rows(State):
    rows = Table("rows", Row)


def keep(event: ReservationCreated, state: Rows) -> None:
    """Keep it in a way that JSON does not hold."""
    state.rows[event.reservation_id] = Row((event.starts_at, event.ends_at))


def miss(now: int, state: Rows) -> None:
    """Writes and tells once it is Tuesday; fails on Wednesday."""
    if now >= MONDAY + DAY:
        state.rows["today"] = Row(now)
        state.happen(ReservationNoShow("r-1", ROOM, "ann", 1, 2), "tuesday", MONDAY + DAY)
    if now >= MONDAY + 2 * DAY:
        raise ValueError("on purpose")


def fail(event: ReservationCancelled, state: Rows) -> None:
    """Fail."""
    raise ValueError("on purpose")


def test_what_a_handler_raises_is_raised_unless_the_test_asks_for_dead_letters() -> None:
    domain = Domain.of("test", Rows, (fail,))
    with pytest.raises(ValueError, match="on purpose"):
        given(domain).when(cancelled("r-1"))
    [letter] = given(domain, dead_letters=True).when(cancelled("r-1")).dead_letters
    assert letter.error == "ValueError: on purpose"


def test_bytes_that_are_no_event_are_raised_unless_the_test_asks_for_dead_letters() -> None:
    with pytest.raises(MalformedBytes, match="starts with 6e 6f"):
        given(AVAILABILITY).when_raw(b"no", ROOM)
    with pytest.raises(UnknownSchema, match="schema id 7"):
        given(AVAILABILITY).when_raw(b"\0\0\0\0\7", ROOM)


def test_a_row_that_its_changelog_would_not_bring_back_is_refused() -> None:
    with pytest.raises(AssertionError, match=r"rows\[r-1\] is not what its changelog would bring back"):
        given(Domain.of("test", Rows, (keep,)), asked("r-1", 9, 10), dead_letters=True)


def test_an_event_happens_on_monday_with_an_id_of_its_own_unless_the_test_says_otherwise() -> None:
    first, second = happened(asked("r-1", 9, 10)), happened(asked("r-1", 9, 10), MONDAY + 1, actor="ann")
    assert (first.metadata.occurred_at, first.metadata.actor) == (MONDAY, None)
    assert (second.metadata.occurred_at, second.metadata.actor) == (MONDAY + 1, "ann")
    assert first.metadata.event_id != second.metadata.event_id


def test_results_are_those_of_the_last_call_and_rows_those_of_all() -> None:
    bench = given(AVAILABILITY, asked("r-1", 9, 10))
    assert bench.emitted
    assert bench.stale
    assert bench.when().emitted == []
    assert bench.stale == set()
    assert set(bench.rows("reservations")) == {"r-1"}


def test_an_entry_is_stale_by_its_key_or_by_what_its_loader_says_that_it_shows() -> None:
    bench = given(AVAILABILITY).when(asked("r-1", 9, 10))
    assert bench.is_stale("availability", ROOM, "2026-11-23")
    assert not bench.is_stale("availability", ROOM, "2026-11-24")
    assert not bench.is_stale("user_reservations", "bob")
    assert bench.is_stale("user_reservations", "bob", shows=[RESERVATION.tag("r-1")])


def test_the_in_memory_registry_reads_what_it_gave_an_id_and_nothing_else() -> None:
    schemas = InMemorySchemas()
    bench = given(AVAILABILITY)
    event = schemas.decoder(schemas.schema_id(ReservationCreated.TYPE))(bench.wire(asked("r-1", 9, 10)), 5)
    assert isinstance(event, ReservationCreated)
    with pytest.raises(UnknownSchema, match="gave no event the schema id 2"):
        schemas.decoder(2)


def test_stand_ins_and_bench_need_no_redis_and_the_stand_ins_no_msgspec() -> None:
    program = "import sys; from bookly.testing import {}; print(*{{'redis', 'faust', 'agents', 'msgspec'}} & set(sys.modules))"
    loaded = [
        subprocess.run([sys.executable, "-c", program.format(name)], capture_output=True, text=True, check=True).stdout.split()
        for name in ("InMemoryBroker", "given")
    ]
    assert loaded == [[], ["msgspec"]]


def none(event: ReservationCreated, state: Rows) -> None:
    """Keep no row as a row."""
    state.rows[event.reservation_id] = None  # type: ignore[assignment]  # the mistake


def number(event: ReservationCreated, state: Rows) -> None:
    """Keep it under a number."""
    state.rows[7] = Row(1)  # type: ignore[index]  # the mistake


@pytest.mark.parametrize(("handler", "why"), [(none, r"rows\[r-1\] was set to None"), (number, "the key 7 is int, not text")])
def test_what_only_memory_would_keep_is_refused(handler: Any, why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        given(Domain.of("test", Rows, (handler,)), asked("r-1", 9, 10))


def test_a_wrong_question_is_answered_with_what_there_is() -> None:
    bench = given(AVAILABILITY)
    with pytest.raises(KeyError, match=r"availability has no table 'nope'; it has .*reservations"):
        bench.rows("nope")
    with pytest.raises(AssertionError, match="0 ReservationCreated were emitted, not one; in all: nothing"):
        bench.one(ReservationCreated)


TICKING = Domain.of("availability", Rows, (), clock=miss)


def test_time_passes_without_an_event_and_what_it_does_is_seen_like_what_events_do() -> None:
    then = given(TICKING).clock(MONDAY)
    assert (then.emitted, then.rows("rows"), then.stale) == ([], {}, set())
    then.clock(MONDAY + DAY)
    assert then.row("rows", "today") == Row(MONDAY + DAY)
    assert then.one(ReservationNoShow).metadata.occurred_at == MONDAY + DAY
    assert then.is_stale("reservation", "r-1")


def test_what_time_does_wrong_is_raised_here_as_it_would_end_the_process_and_leaves_no_trace() -> None:
    then = given(TICKING, dead_letters=True)
    with pytest.raises(ValueError, match="on purpose"):
        then.clock(MONDAY + 2 * DAY)
    assert (then.emitted, then.rows("rows"), then.dead_letters) == ([], {}, [])

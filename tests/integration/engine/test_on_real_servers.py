"""What only processes and servers can show: floods, fuses, stopped and hanging workers."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

from api.cache_report.figures import Figures, read_pages
from bookly.records.availability import ReservationUpdated
from stack.ports import free_port
from tests.integration.engine.domain import BROKEN
from tests.integration.engine.worlds import beside
from tests.pipeline import eventually
from tests.unit.clock import at
from tests.unit.facts import asked, offer_ran_out

if TYPE_CHECKING:
    from pathlib import Path

    from bookly.records import Record
    from tests.integration.engine.real import Real

MANY = 10_000
SESSION_S = 10.0


@pytest.fixture(autouse=True)
def running(real: Real) -> Any:
    """Whatever a test did to the worker: one runs afterwards, and all of it is done."""
    yield
    if real.worker.process.poll() is not None:
        starts = said(real, "Worker ready")
        real.worker.start()
        eventually(lambda: said(real, "Worker ready") > starts, "it hears a signal")
    real.wait_until_quiet()


def said(real: Real, words: str) -> int:
    return real.worker.log.read_text(errors="replace").count(words)


def reservation(room: str, number: int, user: str = "ann") -> Record:
    return at(number % 10, asked(f"{room}/{number}", 9, 10, user, resource=room))


def test_a_poison_event_holds_its_key_and_not_one_of_ten_thousand_others(real: Real, room: str) -> None:
    others = [reservation(f"{room}-{number % 50}", number) for number in range(MANY)]
    mine = [reservation(room, 1, BROKEN), *(reservation(room, number) for number in range(2, 6))]
    between = [event for index, one in enumerate(mine) for event in (one, *others[index * 2_000 : (index + 1) * 2_000])]
    real.flood(*between)
    real.wait_until_quiet()
    halls = real.rows("halls")
    assert sum(len(halls[f"{room}-{number}"].reservations) for number in range(50)) == MANY
    assert [event.reservation_id for event in real.parked(room)] == [f"{room}/{number}" for number in range(2, 6)]  # type: ignore[union-attr]
    real.when(offer_ran_out(room, beside(room)))
    real.release(room)
    assert real.row("halls", room).reservations == tuple(f"{room}/{number}" for number in range(1, 6))


def test_a_handler_that_raises_on_every_event_stops_the_group_and_commits_nothing_behind_the_last_good_one(
    real: Real, room: str
) -> None:
    real.flood(
        *(reservation(f"{room}-good-{number}", 1) for number in range(100))
    )  # on every partition: what failed before is past
    real.wait_until_quiet()
    good = real.committed()
    real.flood(*(reservation(f"{room}-{number}", 1, BROKEN) for number in range(400)))
    assert real.worker.process.wait(30) == 65
    assert real.worker.says("the fuse is blown: 20 events in a row failed on bookly.availability")
    assert real.worker.says("deploy a corrected one")
    assert real.committed() == good
    assert real.dead_letters == []

    again = real.another()
    assert again.process.wait(30) == 65, "a restart alone does not get past it"
    assert real.committed() == good

    decided = real.another(BOOKLY_FUSE="off")
    real.wait_until_quiet()
    assert decided.stop() == 0
    assert len(real.dead_letters) == 400


def test_a_worker_that_was_stopped_past_its_session_overwrites_nothing_when_it_goes_on(real: Real, room: str) -> None:
    rooms = [f"{room}-{number}" for number in range(20)]
    real.flood(*(reservation(one, 1) for one in rooms))
    real.wait_until_quiet()
    zombie = real.worker.process
    real.flood(*(reservation(one, number) for number in range(2, 200) for one in rooms))
    os.kill(zombie.pid, signal.SIGSTOP)
    other = real.another()
    try:
        real.wait_until_quiet()  # the other one has taken over and done all of it
        real.flood(*(reservation(one, number) for number in range(200, 300) for one in rooms))
        os.kill(zombie.pid, signal.SIGCONT)
        real.flood(*(reservation(one, number) for number in range(300, 400) for one in rooms))
        eventually(lambda: zombie.poll() is not None or real.worker.says("recovered"), "the zombie ends, or joins again")
        real.wait_until_quiet()
        halls = real.rows("halls")
        assert all(halls[one].reservations == tuple(f"{one}/{number}" for number in range(1, 400)) for one in rooms)
    finally:
        os.kill(zombie.pid, signal.SIGCONT) if zombie.poll() is None else None
        assert other.stop() == 0


@pytest.mark.parametrize("turn", range(3))
def test_a_worker_that_joins_while_records_become_visible_loses_none(real: Real, room: str, turn: int) -> None:
    rooms = [f"{room}-{number}" for number in range(400)]
    with real.in_a_transaction(*(reservation(one, number) for number in range(20) for one in rooms)):
        other = real.another()
        eventually(lambda: other.says("Worker ready"), "the group is shared")
    try:
        real.wait_until_quiet()
        halls = real.rows("halls")
        assert all(halls[one].reservations == tuple(f"{one}/{number}" for number in range(20)) for one in rooms)
    finally:
        assert other.stop() == 0


def test_a_worker_told_to_end_with_full_queues_commits_what_it_has_applied_and_ends_in_time(real: Real, room: str) -> None:
    done = real.committed()
    real.flood(*(reservation(f"{room}-{number % 500}", number) for number in range(20_000)))
    eventually(lambda: real.committed() > done, "it is at work")
    before = time.monotonic()
    assert real.worker.stop() == 0
    assert time.monotonic() - before < 20
    real.worker.start()
    real.wait_until_quiet()
    halls = real.rows("halls")
    assert sum(len(halls[f"{room}-{number}"].reservations) for number in range(500)) == 20_000


def test_a_worker_told_to_end_in_the_middle_of_a_rebalance_ends_as_well(real: Real) -> None:
    eventually(lambda: real.worker.says("Worker ready"), "it is a member of the group")
    rebalances = said(real, "it is rebalancing")
    other = real.another()
    try:
        eventually(lambda: said(real, "it is rebalancing") > rebalances, "the group is rebalancing")
        assert real.worker.stop() == 0
        eventually(lambda: other.says("Worker ready"), "the other one has taken over")
    finally:
        assert other.stop() == 0


def test_a_handler_that_never_returns_ends_the_process_with_its_stack_and_health_says_so_before(
    real: Real, room: str, tmp_path: Path
) -> None:
    sign = tmp_path / "hangs"
    sign.touch()
    assert real.worker.stop() == 0
    port = free_port(set())
    hanging = real.another(BOOKLY_HEALTH=str(port))
    eventually(lambda: health(port, "/ready") == 200, "it is ready")
    assert health(port, "/live") == 200
    real.flood(at(1, ReservationUpdated("r-1", str(sign), "ann", 1, 2, 3)))
    code = hanging.process.wait(40)
    assert code == 70
    assert hanging.says("the event loop has not turned for")
    assert hanging.says("look_at_the_sign"), "the stacks show where"
    sign.unlink()
    real.worker.start()
    real.wait_until_quiet()
    assert real.row("mended", str(sign)).by == "r-1"


def test_a_scraper_sees_what_a_worker_made_stale_and_how_long_that_took(real: Real, room: str) -> None:
    eventually(lambda: said(real, "Worker ready") > 0, "it hears a signal")
    assert real.worker.stop() == 0
    port = free_port(set())
    scraped = real.another(BOOKLY_HEALTH=str(port))
    try:
        eventually(lambda: health(port, "/ready") == 200, "it is ready")
        before = figures(port).invalidations
        real.flood(reservation(room, 1))
        eventually(lambda: figures(port).staleness_s(1) is not None, "what went stale was measured")
        found = figures(port)
        assert found.invalidations > before, "the takeover was counted, and not measured"
        assert 0 < (found.staleness_s(1) or 0) < 60
    finally:
        assert scraped.stop() == 0


def figures(port: int) -> Figures:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as answer:
        return read_pages([answer.read().decode()]).get("availability", Figures())


def health(port: int, path: str) -> int:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            assert json.loads(answer.read())["domain"] == "suite"
            return int(answer.status)
    except OSError:
        return 0

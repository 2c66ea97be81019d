"""What operators send, on real servers: for the event that they saw, once, whatever its key is made of."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from api.parking import first_of, read_parked
from tests.integration.engine.domain import BROKEN, DOMAIN, Hall
from tests.unit.clock import at
from tests.unit.facts import asked

if TYPE_CHECKING:
    from bookly.records.availability import ReservationCreated
    from tests.integration.engine.real import Real


def reservation(room: str, number: int, user: str = "ann") -> ReservationCreated:
    return at(number, asked(f"{room}/{number}", 9, 10, user, resource=room))


def test_a_skip_that_is_sent_twice_drops_one_event(real: Real, room: str) -> None:
    second = reservation(room, 2, BROKEN)
    real.when(reservation(room, 1, BROKEN), second, reservation(room, 3))
    head = first_of(real.brokers, DOMAIN.name, room)
    real.command(head, skip=True)
    real.command(head, skip=True)
    [failed, _] = read_parked(real.brokers, DOMAIN.name, room)
    assert (failed.headers["ce_id"], failed.attempt) == (second.metadata.event_id, 1)
    assert real.worker.says("not the head")
    real.release(room, skip=True)
    assert real.row("halls", room) == Hall((f"{room}/3",))


def test_a_release_of_a_key_that_is_no_utf_8_as_an_operator_types_it(real: Real, room: str) -> None:
    key = room.encode() + b"-\xe9"
    real.send_raw(b"no event", key)
    name = key.decode(errors="surrogateescape")
    [shown] = [row for row in map(json.loads, tool(real, b"parked", b"--json", code=1).splitlines()) if row["key"] == name]
    assert tool(real, b"release", key, b"--skip", str(shown["sequence"]).encode()) == f"$'{room}-\\xe9' flows again\n"
    assert read_parked(real.brokers, DOMAIN.name, name) == []


def tool(real: Real, command: bytes, *arguments: bytes, code: int = 0) -> str:
    words = [sys.executable.encode(), b"-m", b"api", command, DOMAIN.name.encode(), *arguments]
    done = subprocess.run(words, env=real.environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (code, b"")
    return done.stdout.decode("ascii")

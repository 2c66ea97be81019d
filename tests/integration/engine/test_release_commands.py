"""What operators send, on real servers: for the event that they saw, once, whatever its key is made of."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from api.http.security.keys import new_key
from api.parking import read_parked
from tests.integration.engine.domain import BROKEN, DOMAIN, Hall
from tests.unit.clock import at
from tests.unit.facts import asked

if TYPE_CHECKING:
    from pathlib import Path

    from bookly.records.availability import ReservationCreated
    from tests.integration.engine.real import Real


def reservation(room: str, number: int, user: str = "ann") -> ReservationCreated:
    return at(number, asked(f"{room}/{number}", 9, 10, user, resource=room))


def test_a_skip_that_is_sent_twice_drops_one_event(real: Real, room: str) -> None:
    second = reservation(room, 2, BROKEN)
    real.when(reservation(room, 1, BROKEN), second, reservation(room, 3))
    head = real.queue(room).head
    real.command(head, skip=True)
    real.command(head, skip=True)
    [failed, _] = read_parked(real.brokers, DOMAIN.name, room)
    assert (failed.headers["ce_id"], failed.attempt) == (second.metadata.event_id, 1)
    assert real.worker.says("not the head")
    real.release(room, skip=True)
    assert real.row("halls", room) == Hall((f"{room}/3",))


def test_a_key_that_is_no_utf_8_is_given_up_as_an_operator_types_it(real: Real, room: str, tmp_path: Path) -> None:
    key = room.encode() + b"-\xe9"
    real.send_raw(b"no event", key)
    name = key.decode(errors="surrogateescape")
    signed_in = {"BOOKLY_API_KEYS": str(tmp_path / "keys.json")}
    signed_in["BOOKLY_API_KEY"] = new_key(tmp_path / "keys.json", "ann", ["console:look", "console:replay"])

    def tool(*words: bytes, code: int = 0) -> str:
        command = [sys.executable.encode(), b"-m", b"api", b"dead", *words]
        done = subprocess.run(command, env={**real.environment, **signed_in}, capture_output=True, check=False)
        assert done.returncode == code, (done.stdout, done.stderr)
        return done.stdout.decode("ascii") + done.stderr.decode("ascii")

    group = DOMAIN.name.encode()
    [shown] = [row for row in map(json.loads, tool(b"list", group, b"--json", code=1).splitlines()) if row["key"] == name]
    assert (shown["reason"], shown["waiting"]) == ("MALFORMED", 1)
    assert "needs a reason" in tool(b"drop", group, key, code=2)
    other = str(shown["sequence"] + 1).encode()
    assert "has changed since you looked" in tool(b"drop", group, key, b"--sequence", other, b"--why", b"no event", code=2)
    mine = str(shown["sequence"]).encode()
    assert "1 of 1 keys flow again" in tool(b"drop", group, key, b"--sequence", mine, b"--why", b"no event")
    assert read_parked(real.brokers, DOMAIN.name, name) == []
    assert "no key that waits is meant" in tool(b"release", group, key, code=2)

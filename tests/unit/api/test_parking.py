"""An operator releases what they saw, whatever its key is made of, and hears when it has changed meanwhile."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from api import parking
from api.__main__ import main
from api.parking import Changed, first_of, read_parked, release, spelled
from bookly.errors import BrokerUnavailable
from tests.unit.engine import world as here
from tests.unit.engine.world import INPUT, World, naming_the_head, reservation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agents.engine.outgoing import Outgoing

ROOM = "room"
NO_UTF_8 = b"caf\xe9"


@dataclass
class Message:
    """What the broker's client hands over."""

    record: Outgoing

    def key(self) -> bytes | None:
        return self.record.key

    def value(self) -> bytes | None:
        return self.record.value

    def headers(self) -> Any:
        return list(self.record.headers)

    def partition(self) -> int:
        return self.record.partition


@dataclass
class Group:
    """A worker that obeys at once, and the changelog of what waits. `quicker`: commands that come before the next one."""

    world: World = field(default_factory=World)
    quicker: list[bytes] = field(default_factory=list)

    def fail(self, *names: str, key: bytes = ROOM.encode()) -> None:
        async def fail() -> None:
            await self.world.send(*map(reservation, names), key=key)
            await self.world.wait_in_vain()

        asyncio.run(fail())

    def naming_the_head(self, act: str) -> bytes:
        return naming_the_head(self.world.partition, act)

    def read_log(self, brokers: str, topic: str) -> Iterator[Message]:
        assert topic == here.DOMAIN.parked
        return map(Message, list(self.world.partition.parking.changes()))

    def send(self, brokers: str, topic: str, partition: int, key: bytes, value: bytes) -> int:
        assert (topic, partition) == (here.DOMAIN.control, INPUT.partition)
        for command in (*self.quicker, value):
            asyncio.run(self.world.command(command, key))
        return 0

    def obeyed(self, *_: object) -> None:
        """It always is."""


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> Iterator[Group]:
    there = Group()
    monkeypatch.setattr(parking, "read_log", there.read_log)
    monkeypatch.setattr(parking, "_send", there.send)
    monkeypatch.setattr(parking, "_wait_until_obeyed", there.obeyed)
    monkeypatch.setattr(parking, "VISIBLE_S", 0.0)
    monkeypatch.setenv("BOOKLY_BROKERS", "none")
    here.broken.update({"bad", "worse"})
    with capture_logs():  # the worker's, which has a terminal of its own
        yield there
    here.broken.clear()
    here.broken.add("bad")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["api", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_a_skip_gives_up_what_was_seen_and_says_what_still_waits(group: Group) -> None:
    group.fail("bad", "good", "worse", "last")
    left = release("", "availability", first_of("", "availability", ROOM), by="me", skip=True)
    assert [(one.offset, one.attempt) for one in left] == [(2, 1), (3, 0)]
    assert group.world.count == 1


def test_a_retry_that_fails_was_obeyed(group: Group) -> None:
    group.fail("bad")
    [left] = release("", "availability", first_of("", "availability", ROOM), by="me")
    assert (left.offset, left.attempt) == (0, 2)


def test_a_skip_of_what_somebody_has_tried_meanwhile_is_refused_and_says_so(group: Group) -> None:
    group.fail("bad", "good")
    head = first_of("", "availability", ROOM)
    group.quicker = [group.naming_the_head("retry")]
    with pytest.raises(Changed, match=r"^what waits of room in availability has changed since you looked, and nothing was done"):
        release("", "availability", head, by="me", skip=True)
    assert [one.offset for one in read_parked("", "availability", ROOM)] == [0, 1]


def test_what_somebody_else_has_done_meanwhile_is_done_once(group: Group) -> None:
    group.fail("bad", "good", "worse", "last")
    head = first_of("", "availability", ROOM)
    group.quicker = [group.naming_the_head("skip")]
    assert [one.offset for one in release("", "availability", head, by="me", skip=True)] == [2, 3]


def test_to_release_the_empty_key_is_not_to_release_all(group: Group) -> None:
    group.fail("bad", key=b"")
    group.fail("worse", "last")
    assert release("", "availability", first_of("", "availability", ""), by="me", skip=True) == []
    assert [one.offset for one in read_parked("", "availability")] == [1, 2]


def test_a_command_that_changed_nothing_was_refused(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    group.fail("bad")
    monkeypatch.setattr(parking, "_send", lambda *_: 0)
    with pytest.raises(Changed):
        release("", "availability", first_of("", "availability", ROOM), by="me")


def test_what_a_group_has_done_may_be_read_a_moment_later(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    group.fail("bad")
    head, stale = first_of("", "availability", ROOM), [list(group.read_log("", here.DOMAIN.parked))] * 2
    monkeypatch.setattr(parking, "VISIBLE_S", 5.0)
    monkeypatch.setattr(parking, "read_log", lambda *names: stale.pop() if stale else group.read_log(*names))
    assert release("", "availability", head, by="me", skip=True) == []
    assert stale == []


def test_the_second_operator_to_skip_what_both_saw_drops_nothing(
    group: Group, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    group.fail("bad", "good", "worse", "last")
    first, _, second, _ = (str(one.sequence) for one in read_parked("", "availability", ROOM))
    assert run(monkeypatch, "release", "availability", ROOM, "--skip", first) == 1
    assert f"with sequence {second} (offset 2) failed; 2 wait" in " ".join(capsys.readouterr().out.split())
    assert run(monkeypatch, "release", "availability", ROOM, "--skip", first) == 2
    error = capsys.readouterr().err
    assert error.startswith("api: what waits of room in availability has changed since you looked, and nothing was done: ")
    assert error.endswith(f"with sequence {second} (bookly.availability, offset 2), which failed 1 times\n")
    assert len(error.splitlines()) == 1
    assert [one.offset for one in read_parked("", "availability", ROOM)] == [2, 3]
    assert run(monkeypatch, "release", "availability", ROOM, "--skip", second) == 0


@pytest.mark.parametrize("key", [NO_UTF_8, b"", b"a|b", "Übungsraum".encode(), b"\xff|\xfe", b"[/b] :door: \x1b[31m"])
def test_any_key_that_is_shown_can_be_released(
    group: Group, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], key: bytes
) -> None:
    group.fail("bad", key=key)
    assert run(monkeypatch, "parked", "availability", "--json") == 1
    shown = capsys.readouterr().out
    assert shown.isascii()
    row = json.loads(shown)
    assert row["key"].encode(errors="surrogateescape") == key
    assert run(monkeypatch, "release", "availability", row["key"], "--skip", str(row["sequence"]), "--json") == 0
    assert key not in group.world.partition.parking
    assert json.loads(capsys.readouterr().out) == {"key": row["key"], "waiting": 0}


def test_a_key_that_looks_like_markup_is_shown_as_it_is(
    group: Group, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    group.fail("bad", key=b"[/b]:door:[b]")
    monkeypatch.setenv("COLUMNS", "120")
    for command in (("parked", "availability"), ("release", "availability", "[/b]:door:[b]")):
        assert run(monkeypatch, *command) == 1
        assert "[/b]:door:[b]" in capsys.readouterr().out


@pytest.mark.parametrize("key", [NO_UTF_8, b"it's\\\xff0", b"\x1b[31m", b""])
def test_what_a_terminal_cannot_print_is_spelled_as_a_shell_reads_it_back(
    group: Group, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], key: bytes
) -> None:
    group.fail("bad", key=key)
    assert run(monkeypatch, "parked", "availability") == 1
    word = spelled(key.decode(errors="surrogateescape"))
    assert word.startswith("$'")
    assert word.encode() in capfdbinary.readouterr().out
    assert subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True).stdout == key
    assert run(monkeypatch, "release", "availability", key.decode(errors="surrogateescape")) == 1
    assert word.encode() in capfdbinary.readouterr().out


def test_a_key_that_nobody_waits_for_is_answered_with_those_that_some_do(
    group: Group, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    group.fail("bad", key=NO_UTF_8)
    assert run(monkeypatch, "release", "availability", "caf\udce8") == 2
    assert capfd.readouterr().err == r"api: nothing of $'caf\xe8' waits in availability; keys that wait: $'caf\xe9'" + "\n"


def test_a_broker_that_goes_away_before_the_command_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(parking, "SENDING_S", 1.0)
    with pytest.raises(BrokerUnavailable) as raised:
        parking._send("127.0.0.1:1", "bookly.availability.control", 0, b"room", b"{}")
    assert "KafkaError{" not in str(raised.value)
    assert capfd.readouterr().err == ""

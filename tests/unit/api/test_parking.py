"""An operator releases what they saw, whatever its key is made of, and hears when it has changed meanwhile."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from api import parking
from api.console import dead
from api.parking import Changed, read_parked, spelled
from bookly.errors import BrokerUnavailable
from tests.unit.engine import world as here
from tests.unit.engine.world import INPUT, World, naming_the_head, reservation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agents.engine.outgoing import Outgoing
    from api.parking import Waiting

ROOM = "room"
NO_UTF_8 = b"caf\xe9"
LOST = dead.Queue("availability", ROOM, [parking.Waiting(ROOM, 1, "bookly.availability", 0, 0, "", 1, {})], "", "", "")


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

    def send(self, brokers: str, topic: str, queues: Sequence[dead.Queue], **what: Any) -> dict[int, int]:
        assert {(topic, queue.head.partition) for queue in queues} == {(here.DOMAIN.control, INPUT.partition)}
        for queue in queues:
            for command in (*self.quicker, parking.command(queue.head, **what)):
                asyncio.run(self.world.command(command, queue.key.encode(errors="surrogateescape")))
        return {}

    def obeyed(self, *_: object) -> None:
        """It always is."""


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> Iterator[Group]:
    there = Group()
    monkeypatch.setattr(parking, "read_log", there.read_log)
    monkeypatch.setattr(dead, "_send", there.send)
    monkeypatch.setattr(dead, "_wait", there.obeyed)
    monkeypatch.setattr(dead, "VISIBLE_S", 0.0)
    monkeypatch.setenv("BOOKLY_BROKERS", "none")
    here.broken.update({"bad", "worse"})
    with capture_logs():  # the worker's, which has a terminal of its own
        yield there
    here.broken.clear()
    here.broken.add("bad")


def release(group: Group, seen: dead.Queue, *, skip: bool = False) -> list[Waiting]:
    """What still waits then."""
    return [one for queue in dead.order("", [seen], by="me", skip=skip) for one in queue.waiting]


def seen(key: str = ROOM) -> dead.Queue:
    return next(queue for queue in dead.queues("", "availability") if queue.key == key)


def test_a_skip_gives_up_what_was_seen_and_says_what_still_waits(group: Group) -> None:
    group.fail("bad", "good", "worse", "last")
    left = release(group, seen(ROOM), skip=True)
    assert [(one.offset, one.attempt) for one in left] == [(2, 1), (3, 0)]
    assert group.world.count == 1


def test_a_retry_that_fails_was_obeyed(group: Group) -> None:
    group.fail("bad")
    [left] = release(group, seen())
    assert (left.offset, left.attempt) == (0, 2)


def test_a_skip_of_what_somebody_has_tried_meanwhile_is_refused_and_says_so(group: Group) -> None:
    group.fail("bad", "good")
    head = seen()
    group.quicker = [group.naming_the_head("retry")]
    with pytest.raises(Changed, match=r"^what waits of room in availability has changed since you looked, and nothing was done"):
        release(group, head, skip=True)
    assert [one.offset for one in read_parked("", "availability", ROOM)] == [0, 1]


def test_what_somebody_else_has_done_meanwhile_is_done_once(group: Group) -> None:
    group.fail("bad", "good", "worse", "last")
    head = seen()
    group.quicker = [group.naming_the_head("skip")]
    assert [one.offset for one in release(group, head, skip=True)] == [2, 3]


def test_to_release_the_empty_key_is_not_to_release_all(group: Group) -> None:
    group.fail("bad", key=b"")
    group.fail("worse", "last")
    assert release(group, seen(""), skip=True) == []
    assert [one.offset for one in read_parked("", "availability")] == [1, 2]


def test_a_command_that_changed_nothing_was_refused(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    group.fail("bad")
    monkeypatch.setattr(dead, "_send", lambda *_, **__: {})
    with pytest.raises(Changed):
        release(group, seen())


def test_what_a_group_has_done_may_be_read_a_moment_later(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    group.fail("bad")
    head, stale = seen(), [list(group.read_log("", here.DOMAIN.parked))] * 2
    monkeypatch.setattr(dead, "VISIBLE_S", 5.0)
    monkeypatch.setattr(parking, "read_log", lambda *names: stale.pop() if stale else group.read_log(*names))
    assert release(group, head, skip=True) == []
    assert stale == []


@pytest.mark.parametrize("key", [NO_UTF_8, b"", b"a|b", "Übungsraum".encode(), b"\xff|\xfe", b"[/b] :door: \x1b[31m"])
def test_any_key_that_is_shown_can_be_released(group: Group, key: bytes) -> None:
    group.fail("bad", key=key)
    [queue] = dead.queues("", "availability")
    assert queue.key.encode(errors="surrogateescape") == key
    assert release(group, queue, skip=True) == []
    assert key not in group.world.partition.parking


@pytest.mark.parametrize("key", [NO_UTF_8, b"it's\\\xff0", b"\x1b[31m", b""])
def test_what_a_terminal_cannot_print_is_spelled_as_a_shell_reads_it_back(key: bytes) -> None:
    word = spelled(key.decode(errors="surrogateescape"))
    assert word.startswith("$'")
    assert subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True).stdout == key


def test_keys_are_meant_by_why_they_failed(group: Group) -> None:
    group.fail("bad", "good")
    group.fail("worse", key=b"hall")
    found = dead.queues("", "availability")
    assert [queue.key for queue in found] == [ROOM, "hall"], "in the order of their failures"
    assert {queue.reason for queue in found} == {"HANDLER_RAISED"}
    assert [queue.key for queue in found if queue.meets(key="hall", error=found[1].error)] == ["hall"]
    assert not any(queue.meets(error="something else") or queue.meets(reason="MALFORMED") for queue in found)
    assert sum(row["events"] for row in dead.summary(found)) == 3


def test_a_broker_that_goes_away_before_the_command_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dead, "PATIENCE_S", 1.0)
    with pytest.raises(BrokerUnavailable) as raised:
        dead._send("127.0.0.1:1", "bookly.availability.control", [LOST], by="me", skip=False, why="")
    assert "KafkaError{" not in str(raised.value)
    assert capfd.readouterr().err == ""

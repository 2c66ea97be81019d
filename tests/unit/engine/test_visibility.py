"""Entries go stale when what made them so can be read, and never not at all."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from aiokafka import TopicPartition

from agents.engine import visibility as visibility_module
from agents.engine.visibility import Visibility

if TYPE_CHECKING:
    import pytest

PLACE = TopicPartition("bookly-availability-slots-changelog", 1)


class Broker:
    """Its last stable offset, or no answer at all."""

    def __init__(self) -> None:
        self.stable, self.answers, self.asked = 0, asyncio.Event(), 0
        self.answers.set()

    async def end_offsets(self, places: Any) -> dict[TopicPartition, int]:
        self.asked += 1
        await self.answers.wait()
        return dict.fromkeys(places, self.stable)

    async def stop(self) -> None:
        """Nothing is open."""


class Tags:
    def __init__(self, broker: Broker) -> None:
        self.moved: list[int] = []  # the last stable offset when they moved
        self._broker, self._waiting = broker, False

    def add(self, _: set[str], since: float | None) -> None:
        self._waiting = True

    async def send(self) -> None:
        if self._waiting:
            self.moved.append(self._broker.stable)
        self._waiting = False


def watching(broker: Broker, patience_s: float) -> tuple[Visibility, Tags]:
    tags = Tags(broker)
    visibility = Visibility("", cast("Any", tags), patience_s=patience_s)
    visibility._consumer = broker
    return visibility, tags


async def test_tags_move_when_the_record_can_be_read() -> None:
    broker = Broker()
    visibility, tags = watching(broker, 5.0)
    moving = asyncio.create_task(visibility.make_stale({"tag"}, {PLACE: 7}))
    while broker.asked < 3:  # noqa: ASYNC110  # nobody sets an event
        await asyncio.sleep(0.001)
    assert tags.moved == []
    broker.stable = 8
    await moving
    assert tags.moved == [8]


async def test_a_broker_that_does_not_answer_in_time_holds_nothing_up_and_tags_move_again_when_it_does() -> None:
    broker = Broker()
    broker.answers.clear()
    visibility, tags = watching(broker, 0.02)
    await asyncio.wait_for(visibility.make_stale({"tag"}, {PLACE: 7}), 2)
    assert tags.moved == [0]
    broker.stable = 8
    broker.answers.set()
    async with asyncio.timeout(5):
        while len(tags.moved) < 2:  # noqa: ASYNC110  # nobody sets an event
            await asyncio.sleep(0.001)
    assert tags.moved == [0, 8], "a reader may have filled the entry from the old row in between"
    await visibility.close()


async def test_a_commit_that_is_never_seen_is_said_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visibility_module, "LOST_S", 0.01)
    said: list[str] = []
    monkeypatch.setattr(
        visibility_module, "log", SimpleNamespace(warning=lambda *_, **__: None, error=lambda what, **_: said.append(what))
    )
    visibility, _ = watching(Broker(), 0.01)
    await visibility.make_stale({"tag"}, {PLACE: 7})
    async with asyncio.timeout(5):
        while len(said) < 2:  # noqa: ASYNC110  # nobody sets an event
            await asyncio.sleep(0.001)
    assert "has lost the end of their transaction" in said[0]
    await visibility.close()

"""What sockets are told comes from the broker: what is committed there, and only that."""

from __future__ import annotations

import json
from contextlib import contextmanager
from itertools import count
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from api.http.live.feed import Feed
from api.http.live.messages import messages_of
from bookly.records.availability import NotificationRequested
from tests.pipeline import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from tests.integration.edge.whole import Whole

PATIENCE_S = 30.0
_users = count(1)


class Told:
    """What a feed tells one user."""

    def __init__(self) -> None:
        self.user = f"hears-{next(_users)}"
        self._texts: SimpleQueue[str] = SimpleQueue()

    def hear(self, messages: list[tuple[Any, str]]) -> None:
        for channel, text in messages:
            if channel == ("user", self.user):
                self._texts.put(text)

    def next(self) -> str:
        """The id of the next notification."""
        try:
            return str(json.loads(self._texts.get(timeout=PATIENCE_S))["data"]["notification_id"])
        except Empty:
            raise AssertionError("nothing is told") from None

    def nothing(self) -> bool:
        return self._texts.empty()

    def notification(self, name: str, room: str = "feed") -> NotificationRequested:
        return NotificationRequested(name, room, self.user, "RESERVATION_CONFIRMED")


@contextmanager
def feed(whole: Whole, told: Told) -> Iterator[Feed]:
    feed = Feed(whole.stack.brokers, whole.pipeline.registry, told.hear)
    feed.start()
    try:
        eventually(lambda: feed.unready is None, "the feed has begun")
        yield feed
    finally:
        feed.close()


def publish(whole: Whole, *events: NotificationRequested) -> None:
    with whole.transaction(*events):
        pass


def test_the_feed_begins_at_the_end_and_tells_only_what_is_committed(whole: Whole) -> None:
    told = Told()
    publish(whole, told.notification("before"))
    with feed(whole, told):
        with whole.transaction(told.notification("given up"), abort=True):
            pass
        with whole.transaction(told.notification("late")):
            publish(whole, told.notification("meanwhile", room="another room"))
            assert told.next() == "meanwhile"
            assert told.nothing(), "what is not committed is not told"
        assert told.next() == "late"


def test_the_feed_goes_on_where_it_was_when_it_failed(whole: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told()
    failed: list[object] = []

    def failing_once(record: Any, registry: Any) -> Any:
        if not failed:
            failed.append(record)
            raise RuntimeError("whatever it was")
        return messages_of(record, registry)

    monkeypatch.setattr("api.http.live.feed.messages_of", failing_once)
    with feed(whole, told):
        publish(whole, told.notification("first"), told.notification("second"))
        assert [told.next(), told.next()] == ["first", "second"]
    assert failed


def test_the_feed_goes_on_when_the_broker_is_back(whole: Whole) -> None:
    told = Told()
    with feed(whole, told):
        publish(whole, told.notification("before"))
        assert told.next() == "before"
        whole.stack.broker.stop()
        whole.stack.broker.start()
        publish(whole, told.notification("after"))
        assert told.next() == "after"
        assert told.nothing()
    whole.pipeline.check_workers()

"""What a record says to whom."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from api.http.live.messages import DEMAND, NOTIFICATIONS, messages_of
from bookly import Producer
from bookly.events.availability import NotificationRequested, NotificationTemplate, WaitlistOfferExpired
from bookly.testing import NOWHERE, InMemoryBroker, InMemorySchemas

NINE = 1_795_597_200_000_000  # 2026-11-25T09:00Z
HOUR = {"asked": 3, "confirmed": 1, "refused_by": {"CONFLICT": 1}}


@dataclass
class Record:
    """As the client gives it."""

    of_topic: str
    of_key: bytes
    of_value: bytes | None
    of_headers: list[tuple[str, bytes]] | None = None

    def topic(self) -> str:
        return self.of_topic

    def key(self) -> bytes:
        return self.of_key

    def value(self) -> bytes | None:
        return self.of_value

    def headers(self) -> list[tuple[str, bytes]] | None:
        return self.of_headers

    def offset(self) -> int:
        return 41


async def published(event: Any) -> tuple[Record, Any]:
    broker, schemas, settings = InMemoryBroker(), InMemorySchemas(), dict[str, Any](NOWHERE)
    async with Producer(source="availability", transport=broker, schemas=schemas, **settings) as producer:
        await producer.publish(event)
    (sent,) = broker.records
    return Record(sent.topic, sent.key, sent.value, sent.headers), schemas


async def test_a_notification_is_told_to_its_user() -> None:
    event = NotificationRequested(
        notification_id="ntf-1",
        resource_id="room-1",
        user_id="u-1",
        template=NotificationTemplate.RESERVATION_CONFIRMED,
        reservation_id="res-1",
    )
    ((channel, text),) = messages_of(*await published(event))
    told = json.loads(text)
    assert channel == ("user", "u-1")
    assert told["type"] == "notification"
    assert told["data"]["template"] == "RESERVATION_CONFIRMED"
    assert told["version"] == {NOTIFICATIONS: 41}
    assert "user_id" not in told["data"]


async def test_other_events_and_bytes_that_are_none_tell_nobody() -> None:
    record, schemas = await published(WaitlistOfferExpired(waitlist_id="wl-1", resource_id="room-1", user_id="u-1"))
    assert messages_of(record, schemas) == []
    told = [("ce_type", b"availability.notification.requested")]
    assert messages_of(Record(NOTIFICATIONS, b"room-1", b"\x00nonsense", told), schemas) == []


async def test_an_event_of_another_kind_than_its_header_says_tells_nobody() -> None:
    record, schemas = await published(WaitlistOfferExpired(waitlist_id="wl-1", resource_id="room-1", user_id="u-1"))
    record.of_headers = [("ce_type", b"availability.notification.requested")]
    assert messages_of(record, schemas) == []


def test_a_row_that_the_group_has_not_written_tells_nobody() -> None:
    schemas: Any = InMemorySchemas()
    for key, value in ((b"room-1|soon", b"{}"), (b"room-1", b"{}"), (b"\xff|1", b"{}"), (f"room-1|{NINE}".encode(), b"[")):
        assert messages_of(Record(DEMAND, key, value), schemas) == []


def test_an_hour_of_demand_is_told_to_who_watches_its_resource_or_all() -> None:
    schemas: Any = InMemorySchemas()
    told = messages_of(Record(DEMAND, f"room|1|{NINE}".encode(), json.dumps(HOUR).encode()), schemas)
    assert [channel for channel, _ in told] == [("demand", "room|1"), ("demand", "*")]
    assert json.loads(told[0][1])["data"] == {"resource_id": "room|1", "hour": "2026-11-25T09:00:00+00:00", **HOUR}
    assert messages_of(Record(DEMAND, f"room-1|{NINE}".encode(), None), schemas) == []

"""Whatever a caller does wrong is said by an error of the SDK, in a sentence, and nothing is sent."""

from __future__ import annotations

import math
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bookly import BlockingProducer, EventPayload, Producer
from bookly.cache import Caches
from bookly.errors import InvalidEvent, InvalidSettings, MalformedBytes, NotOpen, UnknownSchema
from bookly.events.availability import ReservationCreated
from bookly.reading import decode_record
from bookly.registry import Registry
from bookly.testing import NOWHERE, InMemoryBroker, InMemorySchemas
from bookly.transport import KafkaTransport
from tests.integration.sdk.worlds import reservation

BEFORE_YEAR_1 = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))
AFTER_9999 = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-5)))
PAYLOAD = EventPayload.of(reservation(), source="desk")


def producer(broker: InMemoryBroker | None = None, **settings: Any) -> BlockingProducer:
    return BlockingProducer(
        transport=broker or InMemoryBroker(), schemas=InMemorySchemas(), **{**NOWHERE, "source": "desk", **settings}
    )


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"brokers": "nonsense::"}, "brokers is 'nonsense::': it must be host:port, comma-separated"),
        ({"brokers": ["a:1"]}, "brokers is list, not text"),
        ({"source": " "}, "source is no text: name the service"),
        ({"buffer_events": "many"}, "buffer_events is 'many': it must be a whole number"),
        ({"buffer_events": 1.5}, "buffer_events is 1.5: it must be a whole number"),
        ({"buffer_events": 10**9}, "buffer_events is 1000000000: it must be above 0 and at most 10,000,000"),
        ({"delivery_timeout": math.inf}, "delivery_timeout is inf: it must be above 0"),
        ({"linger": None}, "linger is None: it must be a number"),
        ({"kafka": "tls"}, "kafka= is no mapping"),
        ({"buffer_event": 7}, "buffer_event is no setting of a producer: did you mean buffer_events?"),
    ],
)
def test_a_wrong_setting_is_named(setting: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidSettings) as refused:
        producer(**setting)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("wrong", [{"no.such.setting": 1}, {"compression.type": "zip"}])
def test_what_the_client_refuses_is_passed_on_as_a_setting(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettings, match="librdkafka refuses a setting, look at kafka= first: "):
        KafkaTransport(producer(kafka=wrong).settings)


@pytest.mark.parametrize("url", ["nonsense", "ftp://registry", "http://registry:99999999", None])
def test_a_registry_that_is_no_url_is_refused(url: Any) -> None:
    with pytest.raises(InvalidSettings, match="registry is no URL: it must be like http://"):
        Registry(url)


def test_a_limit_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="limit is -1: it must be above 0"):
        Registry("http://registry", limit=-1)


@pytest.mark.parametrize(
    "url", ["nonsense", "", "http://:secret@redis", "redis://:secret@redis:99999999", "redis+cluster://:secret@redis:x"]
)
def test_a_redis_that_is_no_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InvalidSettings, match="redis is no URL: it must be like redis://") as refused:
        Caches(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("event", "circumstances", "sentence"),
    [
        (None, {}, "NoneType is invalid, the event as a whole: is no event"),
        ({"resource_id": "r"}, {}, "dict is invalid, the event as a whole: is no event"),
        (ReservationCreated, {}, "ReservationCreated is invalid, the event as a whole: is a class: publish an object of it"),
        (reservation(), {"color": "red"}, "field color: is none of occurred_at"),
        (reservation(), {"source": "other"}, "field source: is none of occurred_at"),
        (reservation(), {"cause": reservation()}, "field cause: is no EventPayload"),
        (reservation(), {"traceparent": 7}, "field traceparent: is no W3C trace context"),
        (reservation(), {"correlation_id": ""}, "field metadata.correlation_id: "),
        (reservation(), {"occurred_at": BEFORE_YEAR_1}, "field metadata.occurred_at: Value error, it is outside the years 1"),
        (reservation(), {"occurred_at": AFTER_9999}, "field metadata.occurred_at: Value error, it is outside the years 1"),
        (reservation(starts_at=BEFORE_YEAR_1), {}, "field starts_at: it is outside the years 1 to 9999 in UTC"),
        (reservation(ends_at=AFTER_9999), {}, "field ends_at: it is outside the years 1 to 9999 in UTC"),
        (PAYLOAD, {"actor": "u-1"}, "field actor: cannot be given again"),
    ],
)
def test_what_is_no_event_is_refused_and_nothing_is_sent(event: Any, circumstances: dict[str, Any], sentence: str) -> None:
    broker = InMemoryBroker()
    with producer(broker) as opened, pytest.raises(InvalidEvent) as refused:
        opened.publish(event, **circumstances)
    assert sentence in str(refused.value)
    assert broker.records == []


def test_the_first_and_the_last_moment_are_published() -> None:
    with producer() as opened:
        opened.publish(reservation(starts_at=datetime(1, 1, 1, tzinfo=UTC), ends_at=datetime.max.replace(tzinfo=UTC)))


def test_a_blocking_producer_that_is_not_open_cannot_be_flushed() -> None:
    with pytest.raises(NotOpen, match="The producer is not open"):
        producer().flush()


async def test_nor_can_the_other_one() -> None:
    with pytest.raises(NotOpen, match="The producer is not open"):
        await Producer(source="desk", transport=InMemoryBroker(), schemas=InMemorySchemas(), **NOWHERE).flush()  # type: ignore[arg-type]


def test_what_is_read_into_an_event_is_refused_as_what_is_built_is() -> None:
    with pytest.raises(InvalidEvent, match="ReservationCreated is invalid"):
        ReservationCreated.model_validate(7)
    with pytest.raises(InvalidEvent, match="ReservationCreated is invalid"):
        ReservationCreated.model_validate_json("nonsense")
    with pytest.raises(InvalidEvent, match="field attendees: is frozen"):
        del reservation().attendees


def test_an_event_type_that_is_none_and_a_value_that_is_no_bytes_have_their_errors() -> None:
    registry = Registry("http://registry.invalid")
    with pytest.raises(UnknownSchema, match=r"'a\.b' is no event of this SDK's contracts"):
        registry.schema_id("a.b")
    with pytest.raises(MalformedBytes, match="the value is int, not bytes"):
        decode_record(7, registry)
    registry.close()


def test_a_broker_that_is_away_is_told_by_the_error_alone() -> None:
    program = (
        "from bookly import BlockingProducer\n"
        "away = {'brokers': '127.0.0.1:1', 'registry': 'http://127.0.0.1:1'}\n"
        "try: BlockingProducer(source='t', connect_timeout=0.3, **away).__enter__()\n"
        "except Exception as error: print(type(error).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("BrokerUnavailable\n", "")

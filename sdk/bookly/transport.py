"""The port to the broker, and the real thing behind it: an idempotent librdkafka producer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import Producer as KafkaClient

from bookly.access import librdkafka_access
from bookly.errors import BrokerUnavailable, DeliveryFailed, EventTooLarge, InvalidSettings
from bookly.outgoing import refuse_too_large

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluent_kafka.admin import AdminClient

    from bookly.delivery import Ticket
    from bookly.outgoing import Outgoing
    from bookly.settings import ProducerSettings


def librdkafka_log() -> logging.Logger:
    """Where librdkafka's own lines go: to whoever configures logging, else nowhere. Errors say what a person needs to know."""
    log = logging.getLogger("bookly.kafka")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    return log


def librdkafka_settings(brokers: str, own: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What every client of confluent-kafka is made with: where brokers are, who it is to them, where its lines go."""
    return {"logger": librdkafka_log(), **librdkafka_access(own), **(own or {}), "bootstrap.servers": brokers}


def admin_client(brokers: str, own: Mapping[str, Any] | None = None) -> AdminClient:
    """A client for questions about topics and groups, as quiet as the producers are."""
    from confluent_kafka.admin import AdminClient  # noqa: PLC0415  # who only publishes asks none

    return AdminClient(librdkafka_settings(brokers, own))


class Transport(Protocol):
    """What a producer needs of a broker's client. Each ticket is called once, from within `poll`, which two threads may call."""

    def connect(self, limit: float) -> None:
        """Return when a broker has answered; may block. Raises BrokerUnavailable after `limit` seconds."""

    def send(self, outgoing: Outgoing, ticket: Ticket) -> None:
        """Take the record, without waiting. Raises BufferError (no room now), EventTooLarge, DeliveryFailed."""

    def poll(self, timeout: float) -> None:
        """Call the tickets that were answered; waits for the first up to `timeout` seconds."""

    def reason(self, failure: Any) -> str:
        """What a ticket was told, in words."""

    def abandon(self) -> None:
        """Give up what is not confirmed: each of its tickets is called with a failure in a later poll."""


class KafkaTransport:
    """Idempotent, acks=all, in order for each key, lz4, murmur2. Keeps trying until the delivery timeout."""

    def __init__(self, settings: ProducerSettings) -> None:
        self._settings = settings
        self._last_word = ""
        try:
            self._client = KafkaClient(self._configuration(settings))
        except (KafkaException, TypeError, ValueError) as error:
            reason = error.args[0].str() if isinstance(error, KafkaException) else str(error)
            raise InvalidSettings(f"librdkafka refuses a setting, look at kafka= first: {reason.strip()}.") from None

    def _configuration(self, settings: ProducerSettings) -> dict[str, Any]:
        return {
            "client.id": settings.source,
            "compression.type": "lz4",
            **librdkafka_settings(settings.brokers, settings.kafka),
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",
            "delivery.timeout.ms": max(1, round(settings.delivery_timeout * 1000)),
            "linger.ms": settings.linger * 1000,
            "message.max.bytes": max(settings.max_event_bytes, 1000),
            "queue.buffering.max.messages": settings.buffer_events,
            "error_cb": self._note,
        }

    def connect(self, limit: float) -> None:
        try:
            self._client.list_topics(timeout=limit)
        except KafkaException as error:
            raise BrokerUnavailable(self._settings.brokers, limit, self._last_word or error.args[0].str()) from None

    def send(self, outgoing: Outgoing, ticket: Ticket) -> None:
        try:
            self._client.produce(
                outgoing.topic,
                outgoing.value,
                outgoing.key,
                on_delivery=ticket,
                headers=outgoing.headers,  # type: ignore[arg-type]  # a list of wider pairs is asked for, and only read
            )
        except KafkaException as error:
            if error.args[0].code() == KafkaError.MSG_SIZE_TOO_LARGE:
                refuse_too_large(outgoing, self._settings.max_event_bytes)
                raise EventTooLarge(
                    outgoing.event, outgoing.event_id, len(outgoing.value), self._settings.max_event_bytes
                ) from None
            failure = error.args[0]
            raise DeliveryFailed(outgoing.event, outgoing.event_id, self.reason(failure), failure.name()) from None

    def poll(self, timeout: float) -> None:
        self._client.poll(timeout)

    def abandon(self) -> None:
        self._client.purge()

    def reason(self, failure: Any) -> str:
        code = failure.code()
        if failure.fatal() or code == KafkaError._FATAL:  # noqa: SLF001  # librdkafka's own codes begin with a line
            return f"the idempotent session is broken for good ({failure.str()}): close this producer and open another"
        if code == KafkaError._MSG_TIMED_OUT:  # noqa: SLF001
            last = f" (last heard: {self._last_word})" if self._last_word else ""
            return f"no answer within the delivery timeout of {self._settings.delivery_timeout:g} s{last}"
        if code in (KafkaError._UNKNOWN_TOPIC, KafkaError.UNKNOWN_TOPIC_OR_PART):  # noqa: SLF001
            return "its topic does not exist: provision the broker (make provision)"
        if code in (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED):
            return "whom BOOKLY_KAFKA_USER names has no right to write its topic (docs/security.md says who has)"
        if code in (KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT):  # noqa: SLF001
            return "the producer was closed before the broker answered"
        return str(failure.str())

    def _note(self, error: KafkaError) -> None:
        self._last_word = error.str()

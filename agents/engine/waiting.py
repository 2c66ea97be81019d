"""What a worker waits for before it begins, and how it is ended meanwhile."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import structlog
from confluent_kafka import KafkaException

from bookly.catalog import EVENTS
from bookly.errors import BrokerUnavailable, RegistryUnavailable, UnknownSchema
from bookly.transport import admin_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookly.registry import Registry

log = structlog.get_logger(__name__)
PATIENCE_S = 60.0
ASKING_S = 2.0


def wait_for_broker(brokers: str) -> None:
    """Return when one of them answers. Raises BrokerUnavailable after PATIENCE_S."""
    heard: list[str] = []
    client = admin_client(brokers, {"error_cb": lambda error: heard.append(error.str())})
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            client.list_topics(timeout=ASKING_S)
        except KafkaException as error:
            client.poll(0)  # why, in the client's own words, be it that we are not let in
            reason = heard[-1] if heard else error.args[0].str()
            if time.monotonic() > deadline:
                raise BrokerUnavailable(brokers, PATIENCE_S, reason) from error
            log.warning("no broker answers, waiting", brokers=brokers, error=reason)
            heard.clear()
        else:
            return


def schema_ids(registry: Registry) -> dict[str, int]:
    """The id of every event's newest schema. Waits for a registry that starts, or that is provisioned just now.

    Raises RegistryUnavailable or UnknownSchema when it is not ready after PATIENCE_S.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return {spec.type.value: registry.schema_id(spec.type) for spec in EVENTS.values()}
        except (RegistryUnavailable, UnknownSchema) as error:
            if time.monotonic() > deadline:
                raise
            log.warning("registry away or not provisioned, waiting", error=str(error))
            time.sleep(1.0)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Told to end while it waits, it has nothing to commit and ends as it does later: with 0."""

    def end(*_: Any) -> NoReturn:
        log.info("told to end before it began")
        sys.exit(0)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""The producer of a service that does not run on asyncio: the same verbs, the same promises, in any thread."""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future
from contextlib import suppress
from threading import Condition, Lock
from typing import TYPE_CHECKING, Any, Self, Unpack

from bookly.delivery import Delivery, unseen
from bookly.errors import BufferFull, DeliveryFailed
from bookly.outgoing import Outgoing, payload_of
from bookly.preparing import Preparing
from bookly.producer import kafka
from bookly.sending import Sender
from bookly.settings import ProducerArgs, ProducerSettings

if TYPE_CHECKING:
    from types import TracebackType

    from bookly._event import Event
    from bookly.delivery import Ticket
    from bookly.payload import Circumstances, EventPayload
    from bookly.preparing import Schemas
    from bookly.transport import Transport

log = logging.getLogger(__name__)


class BlockingReceipt(Future[Delivery]):
    """Resolves to the Delivery, or raises DeliveryFailed."""

    seen = False

    def result(self, timeout: float | None = None) -> Delivery:
        delivery_or_raised = super().exception(timeout)
        self.seen = True
        if delivery_or_raised is not None:
            raise delivery_or_raised
        return super().result()

    def exception(self, timeout: float | None = None) -> BaseException | None:
        failure = super().exception(timeout)
        self.seen = True
        return failure


class BlockingProducer:
    """Publishes typed events; `with` opens and closes it. What Producer promises, for threads instead of tasks."""

    def __init__(
        self, *, transport: Transport | None = None, schemas: Schemas | None = None, **settings: Unpack[ProducerArgs]
    ) -> None:
        self.settings = ProducerSettings.of(settings)
        self._transport, self._schemas = transport, schemas
        self._failures: list[tuple[BlockingReceipt, DeliveryFailed]] = []
        self._news = Condition()
        self._turn = Lock()

    def __enter__(self) -> Self:
        self._preparing = Preparing(self.settings, self._schemas)
        self._sender = Sender(self._transport or kafka(self.settings), self._settle)
        try:
            self._sender.open(self.settings.connect_timeout)
            self._preparing.open()
        except BaseException:
            self._sender.close()
            self._preparing.close()
            raise
        return self

    def publish(
        self, event: Event | EventPayload[Any], *, traceparent: str | None = None, **circumstances: Unpack[Circumstances]
    ) -> Delivery:
        """Send one event and return when the broker has it. Raises what `enqueue` raises, and DeliveryFailed."""
        return self.enqueue(event, traceparent=traceparent, **circumstances).result()

    def enqueue(
        self, event: Event | EventPayload[Any], *, traceparent: str | None = None, **circumstances: Unpack[Circumstances]
    ) -> BlockingReceipt:
        """Put one event into the send buffer and return its receipt. Waits only while the buffer is full.

        Events with one key arrive in the order in which they were enqueued. Raises InvalidEvent, EventTooLarge,
        UnknownSchema, RegistryUnavailable, BufferFull; after any of them nothing was sent.
        """
        payload = payload_of(event, self.settings.source, circumstances)
        outgoing = self._preparing.outgoing(payload, traceparent)
        receipt = BlockingReceipt()
        with self._turn:  # threads wait for room in the order in which they came
            self._send_when_there_is_room(outgoing, receipt)
        return receipt

    def flush(self) -> None:
        """Return when every event enqueued so far is confirmed or has failed; its receipt says which."""
        waiting = set(self._sender.under_way)
        with self._news:
            self._news.wait_for(lambda: waiting.isdisjoint(self._sender.under_way))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.flush()
        finally:
            if self._sender.under_way:
                self._sender.abandon()
                self.flush()
            self._sender.close()
            self._preparing.close()
            lost = unseen(self._failures)
        if lost is not None:
            if error is None:
                raise lost
            error.add_note(f"Besides, {lost.message}")
            log.error("%s", lost.message)

    def _send_when_there_is_room(self, outgoing: Outgoing, receipt: BlockingReceipt) -> None:
        limit = self.settings.buffer_timeout
        deadline = time.monotonic() + limit
        with self._news:
            while True:
                with suppress(BufferError):
                    return self._sender.send(outgoing, receipt)
                if not self._news.wait(deadline - time.monotonic()):
                    raise BufferFull(outgoing.event, outgoing.event_id, limit)

    def _settle(self, batch: list[Ticket]) -> None:
        for ticket in batch:
            failed = ticket.settle(self._sender.reason)
            if failed is not None:
                self._failures.append((ticket.receipt, failed))  # type: ignore[arg-type]  # the sender returns our own receipts
        with self._news:
            self._sender.under_way.difference_update(batch)
            self._news.notify_all()

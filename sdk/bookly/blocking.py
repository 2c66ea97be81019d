"""The producer of a service that does not run on asyncio: the same verbs, the same promises, in any thread."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from threading import Condition, Lock
from typing import TYPE_CHECKING, Any, Self, Unpack

from bookly.delivery import Delivery, told, unseen
from bookly.errors import BufferFull, NotOpen
from bookly.outgoing import written
from bookly.prefixes import Prefixes
from bookly.producer import kafka
from bookly.sending import way_out
from bookly.settings import ProducerArgs, ProducerSettings

if TYPE_CHECKING:
    from types import TracebackType

    from bookly._event import Event
    from bookly.delivery import Failure, Ticket
    from bookly.outgoing import Outgoing
    from bookly.payload import Circumstances, EventPayload
    from bookly.prefixes import Schemas
    from bookly.transport import Transport

log = logging.getLogger(__name__)


class BlockingReceipt:
    """Resolves to the Delivery, or raises DeliveryFailed. A plain Future has a lock of its own and costs as much as its event."""

    __slots__ = ("_failure", "_news", "_result", "seen")

    def __init__(self, news: Condition) -> None:
        self._news = news
        self._result: Delivery | None = None
        self._failure: BaseException | None = None
        self.seen = False

    def result(self, timeout: float | None = None) -> Delivery:
        """The Delivery. Waits for it; raises DeliveryFailed, and TimeoutError after `timeout` seconds."""
        failure = self.exception(timeout)
        if self._result is None:
            assert failure is not None  # noqa: S101  # done is one or the other
            raise failure
        return self._result

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """The DeliveryFailed, or None. Waits like `result`."""
        with self._news:
            if not self._news.wait_for(self.done, timeout):
                raise TimeoutError("the broker has not answered yet; the event is still under way")
        self.seen = True
        return self._failure

    def done(self) -> bool:
        """Whether the broker has answered."""
        return self._result is not None or self._failure is not None

    def see(self) -> None:
        self.seen = True

    def set_result(self, result: Delivery) -> None:
        self._result = result

    def set_exception(self, exception: BaseException) -> None:
        self._failure = exception


class BlockingProducer:
    """Publishes typed events; `with` opens and closes it. What Producer promises, for threads instead of tasks."""

    def __init__(
        self, *, transport: Transport | None = None, schemas: Schemas | None = None, **settings: Unpack[ProducerArgs]
    ) -> None:
        self.settings = ProducerSettings.of(settings)
        self._transport, self._schemas = transport, schemas
        self._failures: list[Failure] = []
        self._news = Condition()
        self._turn = Lock()
        self._is_open = False

    def __enter__(self) -> Self:
        self._outgoing, sender = way_out()
        self._sender = sender(self._transport or kafka(self.settings), self._settle)
        self._prefixes = Prefixes(self.settings, self._schemas)
        try:
            self._sender.open(self.settings.connect_timeout)
            self._prefixes.open()
        except BaseException:
            self._sender.close()
            self._prefixes.close()
            raise
        self._is_open = True
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

        Events with one key arrive in the order in which they were enqueued. Raises InvalidEvent, EventTooLarge, NotOpen,
        UnknownSchema, RegistryUnavailable, BufferFull; after any of them nothing was sent.
        """
        if not self._is_open:
            raise NotOpen
        contract, record = written(event, self.settings.source, circumstances)
        sent = self._outgoing(contract, record, self._prefixes.of(contract.type), traceparent, self.settings.max_event_bytes)
        receipt = BlockingReceipt(self._news)
        with self._turn:  # threads wait for room in the order in which they came
            self._send_when_there_is_room(sent, receipt)
        return receipt

    def flush(self) -> None:
        """Return when every event enqueued so far is confirmed or has failed; its receipt says which. Raises NotOpen."""
        if not self._is_open:
            raise NotOpen
        self._wait_for_answers()

    def _wait_for_answers(self) -> None:
        waiting = set(self._sender.under_way)
        with self._news:
            self._news.wait_for(lambda: waiting.isdisjoint(self._sender.under_way))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_open = False
        try:
            self._wait_for_answers()
        finally:
            if self._sender.under_way:
                self._sender.abandon()
                self._wait_for_answers()
            self._sender.close()
            self._prefixes.close()
            lost = unseen(self._failures)
        if lost is not None:
            if error is None:
                raise lost
            error.add_note(f"Besides, {lost.message}")
            log.error("%s", lost.message)

    def _send_when_there_is_room(self, sent: Outgoing, receipt: BlockingReceipt) -> None:
        with self._news:
            try:
                return self._sender.send(sent, receipt)
            except BufferError:
                deadline = time.monotonic() + self.settings.buffer_timeout
            while self._news.wait(deadline - time.monotonic()):
                with suppress(BufferError):
                    return self._sender.send(sent, receipt)
        raise BufferFull(sent.event, sent.event_id, self.settings.buffer_timeout)

    def _settle(self, batch: list[Ticket]) -> None:
        with self._news:
            self._failures = told(self._failures, batch, self._sender.reason)
            self._sender.under_way.difference_update(batch)
            self._news.notify_all()

"""The producer of a service that runs on asyncio."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, Unpack

from bookly.delivery import Delivery, told, unseen
from bookly.errors import BufferFull, NotOpen
from bookly.outgoing import written
from bookly.prefixes import Prefixes
from bookly.sending import way_out
from bookly.settings import ProducerArgs, ProducerSettings

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType

    from bookly._event import Event
    from bookly.delivery import Failure, Ticket
    from bookly.outgoing import Outgoing
    from bookly.payload import Circumstances, EventPayload
    from bookly.prefixes import Schemas
    from bookly.transport import Transport

log = logging.getLogger(__name__)


class AsyncReceipt(asyncio.Future[Delivery]):
    """Resolves to the Delivery, or raises DeliveryFailed. Cancelling it does not take the event back."""

    seen = False

    def result(self) -> Delivery:
        self.seen = self.done() and not self.cancelled()
        return super().result()

    def exception(self) -> BaseException | None:
        self.seen = self.done() and not self.cancelled()
        return super().exception()

    def __await__(self) -> Generator[Any, None, Delivery]:
        delivery = yield from super().__await__()
        self.seen = True
        return delivery

    __iter__ = __await__

    def see(self) -> None:
        if not self.cancelled():
            self.exception()


class Producer:
    """Publishes typed events; `async with` opens and closes it.

    Opening returns when the broker and the registry have answered, else raises BrokerUnavailable or RegistryUnavailable.
    Closing waits for every event, and raises an ExceptionGroup of DeliveryFailed for those that nobody was told of.
    Parameters: see ProducerSettings; `transport` and `schemas` take the fakes of bookly.testing.
    """

    def __init__(
        self, *, transport: Transport | None = None, schemas: Schemas | None = None, **settings: Unpack[ProducerArgs]
    ) -> None:
        self.settings = ProducerSettings.of(settings)
        self._transport, self._schemas = transport, schemas
        self._failures: list[Failure] = []
        self._news: asyncio.Future[None] | None = None
        self._turn = asyncio.Lock()
        self._is_open = False

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._outgoing, sender = way_out()
        self._sender = sender(self._transport or kafka(self.settings), self._hear, self._settle)
        self._prefixes = Prefixes(self.settings, self._schemas)
        try:
            await asyncio.to_thread(self._sender.open, self.settings.connect_timeout)
            await asyncio.to_thread(self._prefixes.open)
        except BaseException:
            await asyncio.to_thread(self._sender.close)
            self._prefixes.close()
            raise
        self._is_open = True
        return self

    async def publish(
        self, event: Event | EventPayload[Any], *, traceparent: str | None = None, **circumstances: Unpack[Circumstances]
    ) -> Delivery:
        """Send one event and return when the broker has it. Raises what `enqueue` raises, and DeliveryFailed.

        A caller that is cancelled meanwhile does not take the event back: closing still waits for it.
        """
        return await (await self.enqueue(event, traceparent=traceparent, **circumstances))

    async def enqueue(
        self, event: Event | EventPayload[Any], *, traceparent: str | None = None, **circumstances: Unpack[Circumstances]
    ) -> AsyncReceipt:
        """Put one event into the send buffer and return its receipt. Waits only while the buffer is full.

        Events with one key arrive in the order in which they were enqueued. Raises InvalidEvent, EventTooLarge, NotOpen,
        UnknownSchema, RegistryUnavailable, BufferFull; after any of them nothing was sent.
        """
        if not self._is_open:
            raise NotOpen
        contract, record = written(event, self.settings.source, circumstances)
        if not self._prefixes.is_known(contract.type):
            await asyncio.to_thread(self._prefixes.of, contract.type)
        return await self.hand_over(
            self._outgoing(contract, record, self._prefixes.of(contract.type), traceparent, self.settings.max_event_bytes)
        )

    async def hand_over(self, sent: Outgoing) -> AsyncReceipt:
        """`enqueue` for a record that was made before, as an outbox keeps them. Raises NotOpen, BufferFull, EventTooLarge."""
        if not self._is_open:
            raise NotOpen
        receipt = AsyncReceipt(loop=self._loop)
        if not self._turn.locked():  # else others wait for room already: behind them
            try:
                self._sender.send(sent, receipt)
            except BufferError:
                pass
            else:
                return receipt
        await self._send_when_there_is_room(sent, receipt)
        return receipt

    async def flush(self) -> None:
        """Return when every event enqueued so far is confirmed or has failed; its receipt says which. Raises NotOpen."""
        if not self._is_open:
            raise NotOpen
        await self._wait_for_answers()

    async def _wait_for_answers(self) -> None:
        for ticket in list(self._sender.under_way):
            while ticket in self._sender.under_way:
                await self._wait_for_news()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_open = False
        try:
            await self._wait_for_answers()
        finally:
            if self._sender.under_way:
                await asyncio.shield(self._abandon())
            await asyncio.to_thread(self._sender.close)
            self._prefixes.close()
            lost = unseen(self._failures)
        if lost is not None:
            if error is None:
                raise lost
            error.add_note(f"Besides, {lost.message}")
            log.error("%s", lost.message)

    async def _send_when_there_is_room(self, sent: Outgoing, receipt: AsyncReceipt) -> None:
        limit = self.settings.buffer_timeout
        try:
            async with asyncio.timeout(limit), self._turn:
                while True:
                    with suppress(BufferError):
                        return self._sender.send(sent, receipt)
                    await self._wait_for_news()
        except TimeoutError:
            raise BufferFull(sent.event, sent.event_id, limit) from None

    async def _abandon(self) -> None:
        self._sender.abandon()
        await self._wait_for_answers()

    async def _wait_for_news(self) -> None:
        if self._news is None or self._news.done():
            self._news = self._loop.create_future()
        await asyncio.shield(self._news)

    def _hear(self, batch: list[Ticket]) -> None:
        self._loop.call_soon_threadsafe(self._settle, batch)

    def _settle(self, batch: list[Ticket]) -> None:
        self._failures = told(self._failures, batch, self._sender.reason)
        self._sender.under_way.difference_update(batch)
        if self._news is not None and not self._news.done():
            self._news.set_result(None)


def kafka(settings: ProducerSettings) -> Transport:
    """The real transport; its client loads when the first producer opens."""
    from bookly.transport import KafkaTransport  # noqa: PLC0415

    return KafkaTransport(settings)

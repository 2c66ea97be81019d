"""Who hears the broker's answers, and the list of all events that have none yet."""

from __future__ import annotations

import time
from threading import Lock, Thread
from typing import TYPE_CHECKING

from bookly.delivery import Ticket
from bookly.outgoing import outgoing
from bookly.tracing import active_tracer

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly.delivery import Receipt
    from bookly.outgoing import Outgoing
    from bookly.transport import Transport

_PATIENCE = 0.05  # seconds that the thread listens before it looks whether it should end
_OFTEN = 64  # events after which whoever sends looks how fast it sends
_FLOOD = 0.005  # seconds: who sends so many in less hears the answers itself


class Sender:
    """Tickets out, batches of answered tickets back: to `hear` in the sender's own thread, to `settle` in the thread that sends.

    A batch, because waking an event loop for each answer costs more than sending the event. In a flood the sending thread
    hears the answers between two events: against its hold of the interpreter another thread would fall behind, and what waits
    for it would pile up by the ten thousand.
    """

    ticket: type[Ticket] = Ticket

    def __init__(
        self, transport: Transport, hear: Callable[[list[Ticket]], None], settle: Callable[[list[Ticket]], None] | None = None
    ) -> None:
        self._transport = transport
        self._hear, self._settle = hear, settle or hear
        self._answered: list[Ticket] = []
        self._answer = self._answered.append
        self._taking = Lock()
        self._sent, self._looked, self._flood_until = 0, 0.0, 0.0
        self._ending = False
        self._thread = Thread(target=self._listen, name="bookly-producer", daemon=True)
        self.under_way: set[Ticket] = set()
        self.reason = transport.reason

    def open(self, limit: float) -> None:
        """Start to listen; return when a broker has answered. Raises BrokerUnavailable after `limit` seconds."""
        self._thread.start()
        try:
            self._transport.connect(limit)
        except BaseException:
            self.close()
            raise

    def send(self, outgoing: Outgoing, receipt: Receipt) -> None:
        """Take the event, or raise what the transport raises. One thread at a time."""
        ticket = self.ticket(outgoing, receipt, self._answer)
        self.under_way.add(ticket)
        try:
            self._transport.send(outgoing, ticket)
        except BaseException:
            self.under_way.discard(ticket)
            raise
        self._sent += 1
        if self._sent == _OFTEN:
            self._sent = 0
            self._look()

    def abandon(self) -> None:
        """Let everything under way fail now. Its tickets are heard like all others."""
        self._transport.abandon()

    def close(self) -> None:
        """End the thread. Nothing may be under way any more, or nobody hears of it."""
        self._ending = True
        if self._thread.is_alive():
            self._thread.join()

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < _FLOOD:
            self._flood_until = now + _FLOOD
            self._transport.poll(0)
            self._settle(self._taken())
        self._looked = now

    def _listen(self) -> None:
        while not self._ending:
            if time.monotonic() < self._flood_until:
                time.sleep(_FLOOD)
            else:
                self._transport.poll(_PATIENCE)
            if self._answered:
                self._hear(self._taken())

    def _taken(self) -> list[Ticket]:
        with self._taking:  # each ticket goes to one of the two who listen
            batch = self._answered[:]
            del self._answered[: len(batch)]
            return batch


def way_out() -> tuple[Callable[..., Outgoing], type[Sender]]:
    """How events become records and who sends them: each in a span of its own where this process keeps traces. Asked once, so
    that where it keeps none nothing is asked for each event.
    """
    tracer = active_tracer()
    if tracer is None:
        return outgoing, Sender
    from bookly.otel.publishing import Publishing, TracedSender  # noqa: PLC0415  # only who has it installed gets here

    return Publishing(tracer).outgoing, TracedSender


def hand_over(sent: Outgoing) -> None:
    """Another process sends it: where it has a span, that ends here."""
    span = getattr(sent, "span", None)
    if span is not None:
        span.end()

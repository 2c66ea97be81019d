"""One thread that hears the broker's answers, and the list of all events that have none yet."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

from bookly.delivery import Ticket

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly.delivery import Receipt
    from bookly.outgoing import Outgoing
    from bookly.transport import Transport

_PATIENCE = 0.05  # seconds that the thread listens before it looks whether it should end


class Sender:
    """Tickets out, batches of answered tickets back to `hear`, which is called in the sender's own thread.

    A batch, because waking an event loop for each answer costs more than sending the event.
    """

    def __init__(self, transport: Transport, hear: Callable[[list[Ticket]], None]) -> None:
        self._transport = transport
        self._hear = hear
        self._answered: list[Ticket] = []
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
        """Take the event, or raise what the transport raises."""
        ticket = Ticket(outgoing, receipt, self._answered.append)
        self.under_way.add(ticket)
        try:
            self._transport.send(outgoing, ticket)
        except BaseException:
            self.under_way.discard(ticket)
            raise

    def abandon(self) -> None:
        """Let everything under way fail now. Its tickets are heard like all others."""
        self._transport.abandon()

    def close(self) -> None:
        """End the thread. Nothing may be under way any more, or nobody hears of it."""
        self._ending = True
        if self._thread.is_alive():
            self._thread.join()

    def _listen(self) -> None:
        answered = self._answered
        while not self._ending:
            self._transport.poll(_PATIENCE)
            if answered:
                batch = answered[:]
                answered.clear()
                self._hear(batch)

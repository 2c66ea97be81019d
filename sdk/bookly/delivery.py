"""What the broker said of an event, and an event under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from bookly.errors import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bookly.outgoing import Outgoing


class Delivery(NamedTuple):
    """The broker has the event on this place of its topic, with acks=all."""

    topic: str
    partition: int
    offset: int
    event_id: str


class Receipt(Protocol):
    """A future of either kind that knows whether somebody took its outcome."""

    seen: bool

    def set_result(self, result: Delivery, /) -> None: ...
    def set_exception(self, exception: BaseException, /) -> None: ...
    def done(self) -> bool: ...
    def see(self) -> None:
        """It is told on another way: asyncio need not warn of it."""


class Ticket:
    """An event under way. The client calls it once, with the broker's answer; what it says is told to the receipt later.

    It keeps none of the client's objects of a success: with tens of thousands waiting, the collector would visit them all.
    """

    __slots__ = ("answered", "delivery", "event", "event_id", "failure", "receipt")

    def __init__(self, outgoing: Outgoing, receipt: Receipt, answered: Callable[[Ticket], None]) -> None:
        self.event, self.event_id = outgoing.event, outgoing.event_id
        self.receipt, self.answered = receipt, answered
        self.failure: Any = None
        self.delivery: Delivery | None = None

    def __call__(self, failure: Any, answer: Any) -> None:
        if failure is None:
            self.delivery = Delivery(answer.topic(), answer.partition(), answer.offset(), self.event_id)
        else:
            self.failure = failure
        self.answered(self)

    def settle(self, reason: Callable[[Any], str]) -> DeliveryFailed | None:
        """Tell the receipt. Returns the failure, if it is one: somebody has to see it."""
        receipt, delivery = self.receipt, self.delivery
        if delivery is not None:
            if not receipt.done():  # the one who waited may have been cancelled
                receipt.set_result(delivery)
            return None
        code = "" if isinstance(self.failure, str) else self.failure.name()
        failed = DeliveryFailed(self.event, self.event_id, reason(self.failure), code)
        if not receipt.done():
            receipt.set_exception(failed)
        return failed


Failure = tuple[Receipt, DeliveryFailed]


def told(failures: list[Failure], batch: Iterable[Ticket], reason: Callable[[Any], str]) -> list[Failure]:
    """Tell each receipt of the batch. Returns the failures that somebody still has to see."""
    for ticket in batch:
        failed = ticket.settle(reason)
        if failed is not None:
            failures.append((ticket.receipt, failed))
    return [failure for failure in failures if not failure[0].seen] if failures else failures


def unseen(failures: Iterable[Failure]) -> ExceptionGroup[DeliveryFailed] | None:
    """Those failures that nobody was told of, as one error with their number and the first ids."""
    errors = []
    for receipt, failed in failures:
        if not receipt.seen:
            errors.append(failed)
            receipt.see()
    if not errors:
        return None
    first = ", ".join(f"{error.event} {error.event_id}" for error in errors[:3])
    more = ", ..." if len(errors) > 3 else ""
    number = f"{len(errors):,} event{'s were' if len(errors) > 1 else ' was'}"
    return ExceptionGroup(f"{number} not confirmed by the broker: {first}{more}", errors)

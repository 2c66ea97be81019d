"""Who hears the broker's answers: the sender's own thread, and in a flood the thread that sends."""

from __future__ import annotations

import time
from threading import Event
from typing import TYPE_CHECKING

from bookly.outgoing import Outgoing
from bookly.sending import Sender
from bookly.testing import InMemoryBroker

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly.delivery import Delivery, Ticket

DEADLINE_S = 10.0


class Outcome:
    """A receipt that nobody waits for."""

    seen = False

    def set_result(self, result: Delivery, /) -> None: ...
    def set_exception(self, exception: BaseException, /) -> None: ...
    def see(self) -> None: ...
    def done(self) -> bool:
        return False


class DeafToItsThread(InMemoryBroker):
    """Answers whoever asks without waiting, and keeps the sender's own thread waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = Event()

    def poll(self, timeout: float) -> None:
        if timeout:
            self.ended.wait(DEADLINE_S)
        else:
            super().poll(0)


def outgoing(number: int) -> Outgoing:
    return Outgoing("bookly.auth", b"u-1", b"", [], "auth.user.registered", str(number))


def sent_until(sender: Sender, enough: Callable[[], bool]) -> int:
    deadline, number = time.monotonic() + DEADLINE_S, 0
    while not enough():
        assert time.monotonic() < deadline, f"not enough after {number} events"
        sender.send(outgoing(number), Outcome())
        number += 1
    return number


def test_in_a_flood_who_sends_hears_the_answers_so_that_none_pile_up() -> None:
    broker, heard, told = DeafToItsThread(), [0], [0]

    def settle(batch: list[Ticket]) -> None:
        told[0] += len(batch)

    def hear(batch: list[Ticket]) -> None:
        heard[0] += len(batch)

    sender = Sender(broker, hear, settle)
    sender.open(1.0)
    sent = sent_until(sender, lambda: told[0] > 1_000)
    broker.ended.set()
    sender.close()
    assert heard[0] == 0
    assert sent < 20_000


def test_each_answer_is_heard_once_by_one_of_the_two() -> None:
    answers: list[Ticket] = []
    sender, all_heard = Sender(InMemoryBroker(), answers.extend), Event()
    sender.open(1.0)
    sent = sent_until(sender, lambda: len(answers) > 20_000)
    deadline = time.monotonic() + DEADLINE_S
    while len(answers) < sent and time.monotonic() < deadline:
        all_heard.wait(0.01)
    sender.close()
    assert sorted(int(ticket.event_id) for ticket in answers) == list(range(sent))

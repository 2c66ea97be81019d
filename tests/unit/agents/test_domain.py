"""The vocabulary of handlers: who claims which event, and all or nothing."""

from __future__ import annotations

import pytest
from msgspec import Struct
from typer import Typer
from typer.testing import CliRunner

from agents import __main__ as command
from agents.domain import Domain, DomainError
from agents.state import State, Table
from bookly.errors import InvalidEvent
from bookly.events import availability as published
from bookly.records.availability import NotificationRequested, ReservationCancelled, ReservationCreated
from bookly.testing import given
from tests.unit.facts import ROOM, asked, cancelled


class Row(Struct, frozen=True):
    number: int


class Rows(State):
    rows = Table("rows", Row)


def keep(event: ReservationCreated | ReservationCancelled, state: Rows) -> None:
    """Keep it."""
    state.rows[event.reservation_id] = Row(event.starts_at)
    tell(event, state)


def tell(event: ReservationCreated | ReservationCancelled, state: Rows) -> None:
    """Tell the user."""
    state.emit(NotificationRequested(f"n-{event.reservation_id}", ROOM, event.user_id, "RESERVATION_CANCELLED"))


def fail(event: ReservationCancelled, state: Rows) -> None:
    """Fail after the others have done their part."""
    state.repeat()
    del state.rows[event.reservation_id]
    raise ValueError("on purpose")


def misspell(event: ReservationCreated, state: Rows) -> None:
    """Ask for a message that there is not."""
    state.emit(NotificationRequested("n-1", ROOM, event.user_id, "NO_SUCH_TEMPLATE"))


def forget_the_state(event: ReservationCreated) -> None:
    """Has no state."""


def take_anything(event: object, state: Rows) -> None:
    """Does not say for which event it is."""


def take_what_services_publish(event: published.ReservationCreated, state: Rows) -> None:
    """Takes the class that is validated, not the light one."""


def take_a_name_that_is_none(event: ReservationCreatd, state: Rows) -> None:  # type: ignore[name-defined]  # noqa: F821
    """Misspells its event."""


def test_a_handler_that_raises_leaves_no_trace_of_any_handler() -> None:
    bench = given(Domain.of("test", Rows, (keep, fail)), asked("r-1", 9, 10))
    rows = dict(bench.tables["rows"])
    with pytest.raises(ValueError, match="on purpose"):
        bench.when(cancelled("r-1"))
    assert (bench.tables["rows"], bench.emitted, bench.repeats) == (rows, [], 0)
    assert bench.when(asked("r-2", 9, 10)).one(NotificationRequested).notification_id == "n-r-2"


def test_an_event_that_cannot_be_written_is_its_handlers_fault() -> None:
    with pytest.raises(InvalidEvent, match="field template"):
        given(Domain.of("test", Rows, (keep, misspell)), asked("r-1", 9, 10))


def test_handlers_run_in_the_order_in_which_they_are_listed() -> None:
    domain = Domain.of("test", Rows, (tell, keep))
    assert domain.handlers[ReservationCreated] == (tell, keep)


def test_two_events_of_one_kind_from_one_cause_have_ids_of_their_own_and_the_same_ones_again() -> None:
    event = asked("r-1", 9, 10)
    first, second = given(Domain.of("test", Rows, (keep, tell))).when(event).emitted
    again = given(Domain.of("test", Rows, (keep, tell))).when(event).emitted
    assert first.metadata.event_id != second.metadata.event_id
    assert [first.metadata.event_id, second.metadata.event_id] == [each.metadata.event_id for each in again]


def test_a_handler_that_is_listed_twice_is_refused() -> None:
    with pytest.raises(DomainError, match="keep is listed twice for ReservationCreated"):
        Domain.of("test", Rows, (keep, keep))


@pytest.mark.parametrize("handler", [forget_the_state, take_anything])
def test_a_handler_that_does_not_say_what_it_is_for_is_refused(handler: object) -> None:
    with pytest.raises(DomainError, match="must be"):
        Domain.of("test", Rows, (handler,))  # type: ignore[arg-type]


def test_an_event_that_nobody_claims_changes_nothing() -> None:
    then = given(Domain.of("test", Rows, (fail,))).when(asked("r-1", 9, 10))
    assert (then.tables["rows"], then.emitted, then.repeats) == ({}, [], 0)


def test_a_handler_for_the_class_that_services_publish_is_told_which_one_to_take() -> None:
    with pytest.raises(DomainError, match=r"takes bookly\.events\.availability\..*: take bookly\.records\.availability\."):
        Domain.of("test", Rows, (take_what_services_publish,))


def test_a_handler_whose_event_is_misspelt_is_named() -> None:
    with pytest.raises(DomainError, match=r"take_a_name_that_is_none has an annotation that is no name .*ReservationCreatd"):
        Domain.of("test", Rows, (take_a_name_that_is_none,))


def test_a_worker_of_a_wrong_domain_says_so_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong() -> None:
        Domain.of("test", Rows, (take_anything,))

    monkeypatch.setattr(command, "domains", wrong)
    app = Typer()
    app.command()(command.main)
    result = CliRunner().invoke(app, ["auth"])
    assert result.exit_code == 2
    assert "take_anything must be (event, state)" in result.output
    assert "Traceback" not in result.output


def test_an_async_handler_is_refused() -> None:
    async def keep(event: ReservationCreated, state: State) -> None:
        """Nobody would await it."""

    with pytest.raises(DomainError, match="keep is async: nobody would await it"):
        Domain.of("suite", State, [keep])  # type: ignore[list-item]

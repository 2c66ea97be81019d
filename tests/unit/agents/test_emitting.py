"""Ids of what is emitted: derived from the cause and counted by it, whatever happens by time in between."""

from __future__ import annotations

import pytest

from agents.state import State
from bookly.records.availability import NotificationRequested, ReservationNoShow
from tests.unit.clock import at, hour
from tests.unit.facts import ROOM, asked


def emit(state: State) -> str:
    state.emit(NotificationRequested("n", ROOM, "ann", "RESERVATION_EXPIRED"))
    return state.emitted[-1].metadata.event_id


def happen(state: State, name: str = "noon") -> None:
    state.happen(ReservationNoShow("r-1", ROOM, "ann", 1, 2), name, hour(2))


@pytest.fixture
def state() -> State:
    state = State("availability", {})
    state.event = at(1, asked("r-1", 9, 10))
    return state


def test_what_follows_something_that_time_brought_about_is_no_repetition_of_what_came_before_it(state: State) -> None:
    cause = state.event
    ids = [emit(state)]
    happen(state)
    ids.append(emit(state))
    state.event = cause
    ids.append(emit(state))
    happen(state, "one")
    ids.append(emit(state))
    assert len({*ids}) == 4


@pytest.mark.parametrize("end", ["merged", "discarded"])
def test_the_same_event_done_again_emits_the_same_ids(state: State, end: str) -> None:
    cause = state.event
    first = [emit(state), emit(state)]
    if end == "merged":
        state.emitted.clear()
    else:
        state.discard()
    state.event = cause
    assert [emit(state), emit(state)] == first


def test_the_same_event_read_twice_in_a_slice_emits_the_same_id_twice(state: State) -> None:
    first, cause = emit(state), state.event.metadata
    state.event = at(1, asked("r-1", 9, 10))
    state.event.metadata = cause
    assert emit(state) == first

"""Whatever the order of events, delivered once or twice: nothing is double-booked, and a replay agrees."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agents.availability import DOMAIN
from agents.availability.tables import HOLDING
from bookly.testing import DomainBench, given
from tests.unit.clock import at, hour
from tests.unit.facts import (
    asked,
    came,
    cancelled,
    changed_room,
    deleted_room,
    granted,
    joined,
    left,
    maintenance,
    maintenance_called_off,
    maintenance_done,
    moved,
    no_show,
    not_approved,
    offer_ran_out,
    ran_out,
    room,
    status,
    undecided,
)

if TYPE_CHECKING:
    from agents.availability.tables import Slot
    from bookly.records import Record

LEGAL = {
    None: {"PENDING", "CONFIRMED", "REJECTED", "EXPIRED"},  # with a decision that came first
    "PENDING": {"CONFIRMED", "REJECTED", "CANCELLED", "EXPIRED"},
    "CONFIRMED": {"CHECKED_IN", "CANCELLED", "NO_SHOW"},
    "CHECKED_IN": {"COMPLETED"},
}
ROOMS = ("room-1", "room-2")
ends = st.sampled_from([granted, not_approved, undecided, cancelled, ran_out, no_show, came, left])
homes = st.sampled_from(ROOMS)
reservations = st.integers(0, 5).map(lambda number: f"r-{number}")  # a reservation belongs to one room: see home()
places = st.integers(0, 4).map(lambda number: f"w-{number}")
jobs = st.integers(0, 2).map(lambda number: f"m-{number}")
users = st.sampled_from(["ann", "bob"])
begins = st.integers(2, 9)
lengths = st.integers(0, 4)
clock = st.integers(0, 6)  # event time moves back and forth: topics are read in any order


def home(name: str) -> str:
    """The room of a reservation, a place or a job: the first three have room-1."""
    return ROOMS[int(name[-1]) > 2]


class ReservationsInAnyOrder(RuleBasedStateMachine):
    """Random events on two rooms, with every event that availability emits coming back to it as it does on the broker."""

    def __init__(self) -> None:
        super().__init__()
        self.bench: DomainBench = given(DOMAIN)
        self.log: list[Record | int] = []
        self.emitted: list[Record] = []
        self.states: dict[str, str] = {}

    @initialize()
    def open_the_rooms(self) -> None:
        """One visitor is awaited in each: ends that come in any order seldom find two that fit."""
        for name in ROOMS:
            self.happen(at(0, room(name, max_minutes=180)))
        for name in ("r-0", "r-3"):
            self.happen(at(0, asked(name, 3, 5, resource=home(name))), at(0, granted(name, resource=home(name))))

    @rule(reservation=reservations, user=users, begin=begins, length=lengths, offer=st.none() | places, now=clock)
    def ask(self, reservation: str, user: str, begin: int, length: int, offer: str | None, now: int) -> None:
        where = home(reservation)
        self.happen(at(now, asked(reservation, begin, begin + length, user, resource=where, offer=offer)))

    @rule(reservation=reservations, begin=begins, length=lengths, now=clock)
    def move(self, reservation: str, begin: int, length: int, now: int) -> None:
        self.happen(at(now, moved(reservation, begin, begin + length, resource=home(reservation))))

    @rule(reservation=reservations, end=ends, now=clock)
    def end(self, reservation: str, end: object, now: int) -> None:
        self.happen(at(now, end(reservation, resource=home(reservation))))  # type: ignore[operator]

    @rule(place=places, user=users, begin=begins, length=lengths, now=clock)
    def join(self, place: str, user: str, begin: int, length: int, now: int) -> None:
        self.happen(at(now, joined(place, begin, begin + max(length, 1), user, resource=home(place))))

    @rule(place=places, now=clock)
    def let_offer_run_out(self, place: str, now: int) -> None:
        self.happen(at(now, offer_ran_out(place, resource=home(place))))

    @rule(job=jobs, begin=begins, length=lengths, now=clock)
    def plan_maintenance(self, job: str, begin: int, length: int, now: int) -> None:
        self.happen(at(now, maintenance(job, begin, begin + max(length, 1), resource=home(job))))

    @rule(job=jobs, done=st.sampled_from([maintenance_done, maintenance_called_off]), now=clock)
    def end_maintenance(self, job: str, done: object, now: int) -> None:
        self.happen(at(now, done(job, resource=home(job))))  # type: ignore[operator]

    @rule(where=homes, new=st.sampled_from(["AVAILABLE", "OUT_OF_SERVICE"]), capacity=st.integers(1, 3), now=clock)
    def change_room(self, where: str, new: str, capacity: int, now: int) -> None:
        self.happen(at(now, status(new, where)), at(now, changed_room(where, capacity=capacity, max_minutes=180)))

    @rule(now=clock, really=st.sampled_from([False, False, False, True]))
    def delete_a_room(self, now: int, really: bool) -> None:
        if really:
            self.happen(at(now, deleted_room("room-2")))

    @rule(now=st.integers(0, 12))
    def let_time_pass(self, now: int) -> None:
        """As a worker's clock: timers run out."""
        self.happen(hour(now))

    @precondition(lambda self: self.emitted)
    @rule(data=st.data())
    def hear_an_echo(self, data: st.DataObject) -> None:
        self.happen(data.draw(st.sampled_from(self.emitted)))

    @precondition(lambda self: self.log)
    @rule()
    def deliver_the_last_event_again(self) -> None:
        tables = {name: dict(rows) for name, rows in self.bench.tables.items()}
        known = {event.metadata.event_id for event in self.emitted}
        self.happen(self.log[-1])
        assert self.bench.tables == tables
        assert {event.metadata.event_id for event in self.bench.emitted} <= known

    def happen(self, *events: Record | int) -> None:
        """Events, and times that come without one."""
        for event in events:
            take(self.bench, event)
            self.log.append(event)
            self.emitted += self.bench.emitted
            self.check_transitions()

    def check_transitions(self) -> None:
        for name, row in self.bench.tables["reservations"].items():
            before = self.states.get(name)
            assert before == row.state or row.state in LEGAL.get(before, set()), f"{name}: {before} -> {row.state}"
            self.states[name] = row.state

    def slots(self, where: str) -> tuple[Slot, ...]:
        calendar = self.bench.row("calendars", where)
        return calendar.slots if calendar else ()

    @invariant()
    def no_slot_is_held_twice(self) -> None:
        for where in ROOMS:
            held = [slot for slot in self.slots(where) if slot.kind != "MAINTENANCE"]
            for one, other in combinations(held, 2):
                assert one.ends_at <= other.starts_at or other.ends_at <= one.starts_at, f"{one} and {other}"

    @invariant()
    def the_calendar_shows_exactly_the_reservations_that_hold(self) -> None:
        shown = {
            (slot.holder, where, slot.starts_at, slot.ends_at)
            for where in ROOMS
            for slot in self.slots(where)
            if slot.kind == "RESERVATION"
        }
        rows = self.bench.tables["reservations"].items()
        assert shown == {(name, row.resource_id, row.starts_at, row.ends_at) for name, row in rows if row.state in HOLDING}

    @invariant()
    def exactly_who_is_awaited_has_a_timer(self) -> None:
        confirmed = {f"no_show/{name}" for name, row in self.bench.tables["reservations"].items() if row.state == "CONFIRMED"}
        offers = {f"offer/{slot.holder}" for where in ROOMS for slot in self.slots(where) if slot.kind == "OFFER"}
        assert self.bench.tables["timers"].keys() == confirmed | offers

    @invariant()
    def nobody_waits_for_a_free_slot(self) -> None:
        for where in ROOMS:
            queue = self.bench.row("queues", where)
            for entry in queue.entries if queue else ():
                taken = [slot for slot in self.slots(where) if slot.starts_at < entry.ends_at and entry.starts_at < slot.ends_at]
                assert taken, f"{entry} waits for nothing"

    @invariant()
    def no_event_id_is_given_to_two_events(self) -> None:
        """The id of an emitted event is its cause's, so the same id must mean the same event."""
        said: dict[str, tuple[object, ...]] = {}
        for event in self.emitted:
            fields = (type(event), *(getattr(event, name) for name in event.FIELDS))
            assert said.setdefault(event.metadata.event_id, fields) == fields

    def teardown(self) -> None:
        """The same log on an empty partition: the same rows, the same events with the same ids."""
        again = given(DOMAIN)
        emitted = [event for happened in self.log for event in take(again, happened).emitted]
        assert again.tables == self.bench.tables
        assert [event.metadata.event_id for event in emitted] == [event.metadata.event_id for event in self.emitted]


def take(bench: DomainBench, event: Record | int) -> DomainBench:
    return bench.clock(event) if isinstance(event, int) else bench.when(event)


ReservationsInAnyOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestReservationsInAnyOrder = ReservationsInAnyOrder.TestCase

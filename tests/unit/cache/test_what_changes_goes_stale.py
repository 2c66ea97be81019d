"""The map against the handlers: whatever order of events, an entry whose value has changed carries a tag that was moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.availability import DOMAIN as AVAILABILITY
from agents.resources import DOMAIN as RESOURCES
from bookly.cache.spans import days, weeks
from bookly.cache.types import CATEGORY, RESERVATION, TYPES
from bookly.records import resources as resource_events
from bookly.testing import DomainBench
from tests.unit import facts
from tests.unit.clock import at, hour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bookly.records import Record

Entry = tuple[str, tuple[str, ...]]  # the type's name and the parts of the key
Shown = dict[Entry, tuple[Any, frozenset[str]]]  # each entry's value and tags

ROOMS = ("room-1", "room-2")
USERS = ("ann", "bob")


def availability_entries(bench: DomainBench) -> Iterator[tuple[str, tuple[str, ...], Any, list[str]]]:
    """What the six types of availability would show now, and the tags that their loaders would name."""
    mine: dict[str, dict[str, Any]] = {user: {} for user in USERS}
    for name in (f"r-{number}" for number in range(4)):
        row = bench.row("reservations", name)
        yield "reservation", (name,), row, []
        if row is not None:
            mine[row.user_id][name] = row
    for user, shown in mine.items():
        yield "user_reservations", (user,), shown, [RESERVATION.tag(name) for name in shown]
        yield "user_permissions", (user,), (bench.row("permissions", user), dict(bench.tables["role_permissions"])), []
    for room in ROOMS:
        calendar, rules = bench.row("calendars", room), bench.row("resources", room)
        slots = calendar.slots if calendar else ()
        yield "waitlist", (room,), bench.row("queues", room), []
        for kind, touched in (("availability", days), ("schedule", weeks)):
            for name in {each for number in range(8) for each in touched(*_day(number)) or ()}:
                on_it = [(slot, _state(bench, slot)) for slot in slots if name in (touched(slot.starts_at, slot.ends_at) or ())]
                yield kind, (room, name), (rules, on_it), []


def resource_entries(bench: DomainBench) -> Iterator[tuple[str, tuple[str, ...], Any, list[str]]]:
    rows, categories, usage = bench.tables["resources"], bench.tables["categories"], bench.tables["usage"]
    everything = ({name: (row, usage.get(name), categories.get(row.category_id)) for name, row in rows.items()},)
    yield "list", ("all",), everything, []
    yield "search", ("room",), everything, []
    yield "categories", (), dict(categories), []
    for name in ("rooms", "labs"):
        yield "category", (name,), categories.get(name), []
    for room in ROOMS:
        row = rows.get(room)
        category = categories.get(row.category_id) if row else None
        yield "resource", (room,), (row, usage.get(room), category), [CATEGORY.tag(row.category_id)] if row else []
        yield "resource_status", (room,), row and (row.status, row.deleted), []
        yield "usage", (room,), usage.get(room), []


def _day(number: int) -> tuple[int, int]:
    starts_at = hour(24 * number)
    return starts_at, starts_at + 1


def _state(bench: DomainBench, slot: Any) -> str | None:
    row = bench.row("reservations", slot.holder)
    return row.state if row else None


def shown(entries: Callable[[DomainBench], Any], bench: DomainBench) -> Shown:
    return {
        (name, parts): (value, frozenset((*TYPES[name].tags_of(*parts), *named))) for name, parts, value, named in entries(bench)
    }


def check(bench: DomainBench, entries: Callable[[DomainBench], Any], events: Sequence[Record | int]) -> None:
    """Events, and times that come without one."""
    before = shown(entries, bench)
    for event in events:
        bench.clock(event) if isinstance(event, int) else bench.when(event)
        after = shown(entries, bench)
        for entry, (value, tags) in before.items():
            unchanged = value == after[entry][0]
            assert unchanged or tags & bench.stale, f"{type(event).__name__} changed {entry} and left it in the cache"
        before = after


reservations = st.integers(0, 3).map(lambda number: f"r-{number}")  # few, so that most events find theirs
rooms = st.sampled_from(ROOMS)
users = st.sampled_from(USERS)
begins = st.integers(1, 12).map(lambda number: number * 12.0)
lengths = st.sampled_from([1.0, 12.0, 30.0, 60.0])
places = st.integers(0, 3).map(lambda number: f"w-{number}")
jobs = st.integers(0, 1).map(lambda number: f"m-{number}")
roles = st.sampled_from(["student", "staff"])


def home(name: str) -> str:
    return ROOMS[int(name[-1]) % 2]


ends = st.sampled_from(
    [facts.granted, facts.not_approved, facts.undecided, facts.cancelled, facts.ran_out, facts.no_show, facts.came, facts.left]
)
booking = st.one_of(
    st.builds(
        lambda name, user, begin, length, offer: facts.asked(name, begin, begin + length, user, resource=home(name), offer=offer),
        *(reservations, users, begins, lengths, st.none() | places),
    ),
    st.builds(
        lambda name, begin, length: facts.moved(name, begin, begin + length, resource=home(name)), reservations, begins, lengths
    ),
    st.builds(lambda name, end: end(name, resource=home(name)), reservations, ends),
    st.builds(lambda name, end: end(name, resource=home(name)), reservations, ends),
    st.builds(
        lambda place, user, begin, length: facts.joined(place, begin, begin + length, user, home(place)),
        places,
        users,
        begins,
        lengths,
    ),
    st.builds(lambda place: facts.offer_ran_out(place, home(place)), places),
    st.builds(lambda job, begin, length: facts.maintenance(job, begin, begin + length, home(job)), jobs, begins, lengths),
    st.builds(
        lambda job, end: end(job, home(job)), jobs, st.sampled_from([facts.maintenance_done, facts.maintenance_called_off])
    ),
    st.builds(facts.status, st.sampled_from(["AVAILABLE", "OUT_OF_SERVICE"]), rooms),
    st.builds(facts.changed_room, rooms, capacity=st.integers(1, 9)),
    st.builds(facts.role_assigned, users, roles, st.just("booking:create")),
    st.builds(facts.role_revoked, users, roles),
    st.builds(facts.role_changed, roles, st.just("booking:create")),
    st.just(facts.deleted_room("room-2")),
)
keeping = st.one_of(
    st.builds(facts.room, rooms, category=st.sampled_from(["rooms", "labs"])),
    st.builds(facts.changed_room, rooms, capacity=st.integers(1, 9)),
    st.builds(facts.deleted_room, rooms),
    st.builds(facts.status, st.sampled_from(["AVAILABLE", "OUT_OF_SERVICE"]), rooms),
    st.builds(resource_events.CategoryCreated, st.sampled_from(["rooms", "labs"]), st.text(max_size=2)),
    st.builds(resource_events.CategoryUpdated, st.sampled_from(["rooms", "labs"]), st.text(max_size=2)),
    st.builds(lambda job: facts.maintenance_started(job, home(job)), jobs),
    st.builds(
        lambda job, end: end(job, home(job)), jobs, st.sampled_from([facts.maintenance_done, facts.maintenance_called_off])
    ),
    st.builds(lambda name: facts.asked(name, 9, 10, resource=home(name)), reservations),
    st.builds(lambda name: facts.refused(name, resource=home(name)), reservations),
    st.builds(lambda name: facts.confirmed(name, resource=home(name)), reservations),
    st.builds(
        lambda name, end: end(name, resource=home(name)),
        reservations,
        st.sampled_from([facts.cancelled, facts.ran_out, facts.no_show, facts.came, facts.left]),
    ),
)


opening: list[Record] = [  # one reservation in each state that ends can start from
    *(
        facts.asked(f"r-{number}", 24.0 * number, 24.0 * number + 12, USERS[number % 2], resource=ROOMS[number % 2])
        for number in range(1, 4)
    ),
    *(facts.granted("r-2"), facts.granted("r-3", resource="room-2"), facts.came("r-3", resource="room-2")),
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), booking) | st.tuples(st.integers(0, 160), st.none()), min_size=12, max_size=40))
def test_whatever_availability_changes_its_entries_go_stale(history: list[tuple[int, Record | None]]) -> None:
    bench = DomainBench(AVAILABILITY).when(*(at(0, facts.room(name, max_minutes=100_000)) for name in ROOMS))
    course = [hour(now) if event is None else at(now, event) for now, event in history]
    check(bench, availability_entries, [*(at(0, event) for event in opening), *course])


@settings(max_examples=200, deadline=None)
@given(st.lists(keeping, min_size=12, max_size=40))
def test_whatever_resources_changes_its_entries_go_stale(history: list[Record]) -> None:
    check(DomainBench(RESOURCES), resource_entries, [at(0, event) for event in (*map(facts.room, ROOMS), *opening, *history)])


def test_an_offer_that_is_taken_for_another_day_frees_its_own_days() -> None:
    bench = DomainBench(AVAILABILITY).when(
        facts.room(max_minutes=100_000), facts.asked("r-0", 24, 30), facts.joined("w-0", 24, 60, "ann")
    )
    bench.when(facts.cancelled("r-0"))
    assert bench.row("queues", "room-1") is None, "it was offered"
    check(bench, availability_entries, [at(1, facts.asked("r-1", 120, 121, "ann", offer="w-0"))])


def test_a_reservation_that_was_refused_before_it_came_ends_the_wait_for_the_past() -> None:
    bench = DomainBench(AVAILABILITY).when(
        facts.room(), facts.maintenance("m-0", 1, 4), facts.joined("w-0", 2, 3), facts.not_approved("r-1")
    )
    check(bench, availability_entries, [at(3, facts.asked("r-1", 30, 31))])
    assert bench.row("queues", "room-1") is None

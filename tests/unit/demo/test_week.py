"""The week is drawn from its seed alone, and is one that exercises everything."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from bookly.catalog import EVENTS
from bookly.events.resources import CategoryUpdated
from demo.oracle.facts import is_from_outside
from demo.university import MONDAY, University
from demo.week import Step, mingled, reached, week
from tests.unit.demo.memory import Memory

SIZE = 0.1
BY_AGENTS_ALONE = {  # no person and no clock says these
    *("RESERVATION_CONFIRMED", "RESERVATION_REJECTED", "WAITLIST_OFFERED", "SCHEDULE_BLOCKED", "SCHEDULE_UNBLOCKED"),
    *("SCHEDULE_CONFLICT_DETECTED", "NOTIFICATION_REQUESTED", "APPROVAL_REQUESTED", "APPROVAL_SUPERSEDED"),
    *("DEMAND_WINDOW_CLOSED", "DEMAND_PEAK_DETECTED", "REPORT_GENERATED"),
}


def played(seed: int, size: float = SIZE, *, interleaving: int = 0) -> tuple[list[Step], Memory]:
    memory, steps = Memory(interleaving), []
    for step in week(University(seed, size), memory.read_on):
        steps.append(step)
        memory.publish(step.happenings)
    return steps, memory


@pytest.fixture(scope="module")
def the_week() -> tuple[list[Step], Memory]:
    return played(7)


def test_the_same_seed_is_the_same_week_event_for_event(the_week: tuple[list[Step], Memory]) -> None:
    assert played(7)[0] == the_week[0]


def test_it_is_so_in_whatever_order_the_agents_answer(the_week: tuple[list[Step], Memory]) -> None:
    steps, memory = played(7, interleaving=1)
    assert [event.TYPE for event in memory.log] != [event.TYPE for event in the_week[1].log]
    assert steps == the_week[0]


def test_another_seed_is_another_week(the_week: tuple[list[Step], Memory]) -> None:
    assert played(8)[0] != the_week[0]


def test_every_event_has_a_later_moment_than_all_before_it(the_week: tuple[list[Step], Memory]) -> None:
    times = [happening.at for step in the_week[0] for happening in step.happenings]
    assert all(before < after for before, after in pairwise(times))
    assert times[0] > MONDAY - timedelta(days=1)
    assert times[-1] < MONDAY + timedelta(days=7)


def test_the_size_scales_users_resources_and_reservations_alike() -> None:
    whole, tenth = University(7, 1), University(7, SIZE)
    assert (len(whole.users), len(whole.places), whole.reservations) == (2_000, 300, 20_000)
    assert (len(tenth.users), len(tenth.places), tenth.reservations) == (200, 30, 2_000)


def test_every_event_that_people_and_clocks_publish_occurs(the_week: tuple[list[Step], Memory]) -> None:
    occurred = {event.TYPE for event in the_week[1].log if is_from_outside(event)}
    assert {spec.name for spec in EVENTS.values() if spec.type.value not in occurred} == BY_AGENTS_ALONE


def test_what_agents_say_in_answer_occurs_as_well(the_week: tuple[list[Step], Memory]) -> None:
    said = {EVENTS[event.TYPE].name for event in the_week[1].log if event.metadata.causation_id is not None}  # type: ignore[index]
    assert said >= {name for name in BY_AGENTS_ALONE if not name.startswith(("DEMAND", "REPORT"))}


def test_every_way_to_be_refused_occurs_in_a_whole_week_and_a_tenth_to_a_fifth_collide(
    the_week: tuple[list[Step], Memory],
) -> None:
    log = the_week[1].log
    reasons = Counter(getattr(event, "reason", "") for event in log if type(event).__name__ == "ReservationRejected")
    asked = sum(type(event).__name__ == "ReservationCreated" for event in log)
    assert {"CONFLICT", "RULE_VIOLATED", "NOT_APPROVED", "RESOURCE_DELETED"} <= reasons.keys()
    assert 0.1 < reasons["CONFLICT"] / asked < 0.25


def test_a_step_never_mixes_topics_whose_order_matters(the_week: tuple[list[Step], Memory]) -> None:
    for step in the_week[0][1:]:
        kinds = {type(happening.event) for happening in step.happenings} - {CategoryUpdated}  # a name decides nothing
        domains = {kind.__module__.rpartition(".")[2] for kind in kinds} - {"auth"}  # whether a user may is asked at the edge
        assert len(domains) <= 1, step.name


def test_a_rush_hour_gets_more_than_its_share() -> None:
    assert reached(0.0, (1, 3)) == 0.0
    assert reached(0.25, (1, 3)) == 0.5
    assert reached(0.625, (1, 3)) == 0.75
    assert reached(1.0, (1, 3)) == 1.0


def test_what_is_mingled_keeps_its_own_order(the_week: tuple[list[Step], Memory]) -> None:
    events = [(happening.event, happening.actor) for happening in the_week[0][0].happenings[:6]]
    both = mingled(events[:4], events[4:])
    assert [one for one in both if one in events[:4]] == events[:4]
    assert sorted(map(str, both)) == sorted(map(str, events))
    assert both.index(events[4]) == 1

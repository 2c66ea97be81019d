"""The fold that the harness believes: what becomes of each record, and of those behind one that was set aside."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bookly.records.availability import ReservationConfirmed, ReservationCreated
from bookly.records.stockpile import CheckInCompleted
from faults.domains import PROBE, domain_of
from faults.log import DEAD, PARKED, Entry, Place
from faults.oracle import APPLIED, IGNORED, Expected, fold
from faults.probe import POISON
from tests.unit.faults.records import TOPIC, VISITS, created, entry, ignored, visited

if TYPE_CHECKING:
    from collections.abc import Mapping

DOMAIN = domain_of("faults1", PROBE)


def folded(*entries: Entry, aside: Mapping[Place, str] | None = None, forgiving: bool = False) -> Expected:
    return fold(DOMAIN, entries, aside or {}, forgiving=forgiving)


def outcomes(expected: Expected) -> list[str]:
    return [expected.outcomes[place] for place in sorted(expected.outcomes)]


def test_events_are_counted_and_chained_in_the_order_of_the_log() -> None:
    straight = folded(entry(0, created("r-1"), event_id=1), entry(1, created("r-2"), event_id=2))
    crossed = folded(entry(0, created("r-2"), event_id=2), entry(1, created("r-1"), event_id=1))

    assert outcomes(straight) == [APPLIED, APPLIED]
    assert straight.rows["counts"][0, "room"]["created"] == 2
    chains = straight.rows["chains"][0, f"{TOPIC}|room"], crossed.rows["chains"][0, f"{TOPIC}|room"]
    assert chains[0]["count"] == chains[1]["count"] == 2
    assert chains[0]["digest"] != chains[1]["digest"]


def test_a_confirmation_is_told_to_the_world_once() -> None:
    about = ("r-1", "room", "u-1", "apr-r-1", True, 1, 2)
    confirmed = [entry(place, ReservationConfirmed(*about), event_id=place) for place in (1, 2)]
    expected = folded(entry(0, created("r-1")), *confirmed)
    assert [emission.event_type for emission in expected.emitted] == ["reports.demand.peak_detected"]


def test_the_same_event_twice_is_counted_once_and_applied_twice() -> None:
    expected = folded(entry(0, created("r-1"), event_id=9), entry(1, created("r-1"), event_id=9))
    assert expected.rows["counts"][0, "room"]["created"] == 1
    assert [row["times"] for row in expected.rows["seen"].values()] == [2]


def test_a_key_has_a_row_of_its_own_in_each_partition() -> None:
    there = entry(0, created("r-2"), event_id=2)
    there = replace(there, place=there.place._replace(partition=1))
    expected = folded(entry(0, created("r-1"), event_id=1), there)
    assert {number: expected.rows["counts"][number, "room"]["created"] for number in (0, 1)} == {0: 1, 1: 1}


def test_bytes_that_are_no_event_are_dead_and_their_key_waits_behind_them() -> None:
    expected = folded(
        entry(0, created("r-1")), entry(1, None), entry(2, created("r-2")), entry(3, created("r-3", "other"), key=b"other")
    )
    assert outcomes(expected) == [APPLIED, DEAD, PARKED, APPLIED]
    assert expected.rows["counts"][0, "room"]["created"] == 1


def test_a_record_without_a_key_holds_nobody_up() -> None:
    assert outcomes(folded(entry(0, None, key=None), entry(1, created("r-1")))) == [DEAD, APPLIED]


def test_an_event_that_raises_is_dead_and_leaves_no_row() -> None:
    expected = folded(entry(0, created("r-1", purpose=POISON)))
    assert outcomes(expected) == [DEAD]
    assert not any(expected.rows.values())


def test_an_event_without_a_handler_is_ignored_behind_a_dead_letter_too() -> None:
    assert outcomes(folded(entry(0, None), entry(1, ignored()))) == [DEAD, IGNORED]


def test_where_another_topic_of_the_key_was_cut_is_taken_from_what_was_found() -> None:
    visits = [entry(place, visited(f"r-{place}"), topic=VISITS) for place in (0, 1)]
    aside = {Place(TOPIC, 0, 0): DEAD, Place(VISITS, 0, 1): PARKED}
    expected = folded(entry(0, None), *visits, aside=aside)
    assert {place: outcome for place, outcome in expected.outcomes.items() if place.topic == VISITS} == {
        Place(VISITS, 0, 0): APPLIED,
        Place(VISITS, 0, 1): PARKED,
    }


def test_a_good_event_may_be_dead_only_where_a_bad_deploy_was_running() -> None:
    good, aside = entry(0, created("r-1")), {Place(TOPIC, 0, 0): DEAD}
    assert outcomes(folded(good, aside=aside)) == [APPLIED]
    assert outcomes(folded(good, aside=aside, forgiving=True)) == [DEAD]


def test_the_kinds_of_event_are_those_of_the_probe() -> None:
    assert {ReservationCreated, ReservationConfirmed, CheckInCompleted} <= set(DOMAIN.handlers)

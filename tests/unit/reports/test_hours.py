"""Hours of demand: what else is counted, what closes them, and what is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given as drawing
from hypothesis import strategies as st

from agents.reports import DOMAIN
from agents.reports.hours import DEMAND, spread
from agents.reports.peaks import PeakRulesError, Rule, rules
from agents.reports.tables import DAY, HOUR, MINUTE, Demand
from agents.windows import figures
from bookly.records.reports import DemandPeakDetected, DemandWindowClosed
from bookly.testing import DomainBench, given
from tests.unit.clock import at, hour
from tests.unit.facts import (
    ROOM,
    approval_requested,
    asked,
    came,
    cancelled,
    confirmed,
    granted,
    joined,
    left,
    no_show,
    not_approved,
    ran_out,
    refused,
    room,
    superseded,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bookly.records import Record


def row(then: DomainBench, of_hour: float) -> Demand:
    found: Demand = then.row("demand", f"{ROOM}|{hour(of_hour)}")
    return found


def test_how_long_ahead_people_ask_is_summed_in_the_hour_in_which_they_ask() -> None:
    then = given(DOMAIN).when(at(1, asked("r-1", 3, 4)), at(1.5, asked("r-2", 2, 4)), at(1.9, asked("r-3", 1, 4)))
    assert (row(then, 1).leads, row(then, 1).lead_minutes, row(then, 1).category) == (2, 120 + 30, "rooms")


def test_how_long_people_take_to_decide_is_summed_in_the_hour_in_which_they_do() -> None:
    then = given(DOMAIN).when(
        at(1, approval_requested("r-1")),
        at(3, granted("r-1")),
        at(3.5, not_approved("r-1")),
        at(2, approval_requested("r-2")),
        at(3.5, not_approved("r-2")),
        at(2, approval_requested("r-3")),
        at(3, superseded("r-3", "WITHDRAWN")),
        at(2, approval_requested("r-4")),
        at(3, granted("r-4", automatic=True, by=None)),
    )
    assert (row(then, 3).approvals, row(then, 3).approval_minutes) == (2, 120 + 90)


@pytest.mark.parametrize("turned", [False, True])
def test_a_place_in_a_queue_is_served_when_its_offer_is_taken_whatever_is_heard_first(turned: bool) -> None:
    story: list[Record] = [
        at(1, joined("w-1", 9, 10)), at(5, asked("r-1", 9, 10, "bob", offer="w-1")), at(5.1, confirmed("r-1"))
    ]  # fmt: skip
    again: list[Record] = [at(6, asked("r-2", 9, 10, "bob", offer="w-1")), at(6.1, confirmed("r-2")), at(6.2, confirmed("r-1"))]
    then = given(DOMAIN).when(*(reversed(story) if turned else story), *again)
    assert (row(then, 1).waitlisted, row(then, 1).served) == (1, 1)


@pytest.mark.parametrize("end", [refused, ran_out, cancelled])
def test_an_offer_that_was_asked_for_and_not_granted_has_served_nobody(end: Callable[[str], Record]) -> None:
    then = given(DOMAIN, at(1, joined("w-1", 9, 10)), at(5, asked("r-1", 9, 10, "bob", offer="w-1"))).when(at(6, end("r-1")))
    assert (row(then, 1).waitlisted, row(then, 1).served) == (1, 0)
    then.when(at(7, asked("r-2", 9, 10, "bob", offer="w-1")), at(7.1, confirmed("r-2")))
    assert row(then, 1).served == 1


def test_a_visit_is_use_of_all_hours_that_it_took() -> None:
    then = given(DOMAIN).when(at(12, left("r-1", 9.5, 11.25)), at(12, left("r-1", 9.5, 11.25)))
    assert [row(then, number).used_minutes for number in (9, 10, 11)] == [30, 60, 15]
    assert (row(then, 12).used, row(then, 9).used) == (1, 0)


@drawing(st.integers(0, 3 * DAY), st.integers(0, 2 * DAY))
def test_no_minute_is_lost_at_the_borders_of_hours(begin: int, length: int) -> None:
    found = list(spread(begin, begin + length))
    assert sum(minutes for _, minutes in found) == length // MINUTE
    assert all(begin - HOUR < start < begin + length and 0 < minutes <= 60 for start, minutes in found)


def test_an_hour_is_told_when_event_time_has_passed_it_and_told_again_when_late_events_change_it() -> None:
    then = given(DOMAIN, at(1, asked("r-1", 9, 10)), at(1.5, confirmed("r-1")))
    then.when(at(2.2, asked("r-2", 9, 10)))
    assert then.emitted == []
    told = then.when(at(2.26, asked("r-3", 9, 10))).one(DemandWindowClosed)
    assert (told.asked, told.confirmed, told.revision, told.window_start_at) == (1, 1, 1, hour(1))
    assert (told.metadata.occurred_at, told.metadata.causation_id) == (hour(2), None)
    assert then.when(at(1.7, asked("r-4", 9, 10))).emitted == []
    again = then.when(at(2.9, asked("r-5", 9, 10))).one(DemandWindowClosed)
    assert (again.asked, again.revision) == (2, 2)
    assert again.metadata.event_id != told.metadata.event_id


def test_a_silent_hour_is_told_by_the_clock() -> None:
    then = given(DOMAIN, at(1, asked("r-1", 9, 10)))
    assert then.clock(hour(2)).emitted == []
    told = then.clock(hour(3)).one(DemandWindowClosed)
    assert (told.asked, told.window_end_at, told.metadata.actor) == (1, hour(2), "clock")
    assert then.clock(hour(4)).emitted == []


def test_a_peak_is_told_once_by_each_rule_that_sees_it() -> None:
    crowd = [at(1, asked(f"r-{number}", 9, 10)) for number in range(10)]
    then = given(DOMAIN, *crowd).when(at(3, asked("last", 9, 10)))
    peak = then.one(DemandPeakDetected)
    assert (peak.resource_id, peak.window_start_at, peak.rule, peak.asked, peak.threshold) == (
        ROOM, hour(1), "crowded-hour", 10, 10.0,
    )  # fmt: skip
    then.when(at(1, asked("one more", 9, 10)), at(3.5, asked("after", 9, 10)))
    assert then.kinds == [DemandWindowClosed]
    assert row(then, 1).peaks == ("crowded-hour",)


def test_a_crowd_that_is_usual_is_no_peak() -> None:
    week = 7 * 24
    usual = [at(1 + back * week, asked(f"r-{back} {number}", 900, 901)) for back in range(4) for number in range(4)]
    crowd = [at(1 + 4 * week, asked(f"r-{number}", 900, 901)) for number in range(11)]
    then = given(DOMAIN, *usual, *crowd).when(at(3 + 4 * week, asked("last", 900, 901)))
    assert then.kinds == [DemandWindowClosed]


def test_the_category_of_an_hour_in_which_nobody_asked_is_the_resources() -> None:
    assert Rule("r", "labs", 1, 0, 1).concerns("labs")
    assert not Rule("r", "labs", 1, 0, 1).concerns("rooms")
    assert [rule.name for rule in rules()] == ["crowded-hour", "auditoriums-wanted"]


@pytest.mark.parametrize(
    "text",
    ["- {name: x}", "- {name: x, category_id: '*', asked_at_least: 1, times_usual: 1, weeks: 0}", "no list",
     "- &r {name: x, category_id: '*', asked_at_least: 1, times_usual: 1, weeks: 1}\n- *r"],
)  # fmt: skip
def test_a_rule_that_cannot_be_used_says_where(tmp_path: Path, text: str) -> None:
    path = tmp_path / "peaks.yaml"
    path.write_text(text)
    with pytest.raises(PeakRulesError, match=r"peaks\.yaml"):
        rules(path)


def test_hours_and_what_was_counted_are_forgotten_in_the_end() -> None:
    then = given(DOMAIN, room(), at(1, asked("r-1", 9, 10)), at(8, joined("w-1", 9, 10)), at(9, left("r-1", 9, 10)))
    then.when(at(10 + 24 * 120, asked("r-2", 9 + 24 * 120, 10 + 24 * 120)))
    now = hour(11 + 24 * 120)
    then.clock(now).clock(now)
    kept = {name: sorted(rows) for name, rows in then.tables.items() if rows}
    assert kept == {
        "demand": [f"{ROOM}|{hour(10 + 24 * 120)}"],
        "counted": ["r-2"],
        "downtime": [ROOM],
        "watermarks": ["demand"],
    }


def test_what_is_heard_long_after_it_happened_is_remembered_from_then_on() -> None:
    later = at(24 * 200, asked("r-2", 24 * 200 + 1, 24 * 200 + 2))
    then = given(DOMAIN, later).when(at(24 * 120, asked("r-1", 24 * 120 + 1, 24 * 120 + 2)))
    then.clock(hour(24 * 201)).when(at(24 * 120, asked("r-1", 24 * 120 + 1, 24 * 120 + 2)))
    assert (row(then, 24 * 120).asked, then.repeats) == (1, 1)


def test_rows_of_before_there_were_windows_are_kept_and_forgotten_like_others() -> None:
    then = DomainBench(DOMAIN)
    then.tables["demand"][f"{ROOM}|{hour(1)}"] = Demand(asked=3)
    then.when(at(1.5, asked("r-1", 9, 10)), at(3, asked("r-2", 9, 10)))
    assert then.one(DemandWindowClosed).asked == 4


def _availability() -> list[Record]:
    return [
        at(1, joined("w-1", 9, 10)),
        at(1.1, asked("r-1", 9, 10)),
        at(1.2, confirmed("r-1")),
        at(2, asked("r-2", 9, 10, "bob", offer="w-1")),
        at(2.1, refused("r-2")),
        at(2.2, asked("r-5", 9, 10, "bob", offer="w-1")),
        at(2.3, confirmed("r-5")),
        at(30, asked("r-3", 31, 32)),
        at(33, no_show("r-3")),
        at(300, asked("r-4", 301, 302)),
        at(300.5, cancelled("r-4")),
    ]


def _stockpile() -> list[Record]:
    return [
        at(1.15, approval_requested("r-1")),
        at(1.18, granted("r-1")),
        at(9, came("r-1")),
        at(10.5, left("r-1", 9, 10.5)),
        at(30, approval_requested("r-3")),
        at(31, not_approved("r-3")),
        at(31.5, superseded("r-3", "REJECTED")),
    ]


def _figures(then: DomainBench) -> dict[str, Any]:
    tables = ("demand", "leads", "counted", "downtime")
    return {name: {key: figures(found) for key, found in then.rows(name).items()} for name in tables}


@drawing(st.lists(st.booleans(), min_size=18, max_size=18), st.sets(st.integers(0, 17)))
def test_final_figures_do_not_depend_on_which_topic_is_read_first(turns: list[bool], again: set[int]) -> None:
    topics, then = ([room(), *_availability()], _stockpile()), DomainBench(DOMAIN)
    one, other = map(iter, topics)
    order = [event for turn in turns if (event := next(one if turn else other, None)) is not None]
    for number, event in enumerate([*order, *one, *other]):
        then.when(event, *([event] if number in again else []))
    alone = given(DOMAIN).when(*topics[0], *topics[1])
    assert _figures(then) == _figures(alone)
    assert DEMAND.retention > 92 * DAY

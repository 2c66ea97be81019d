"""Figures by any group are those that counting the long way gives, whatever the rows and however they are split."""

from __future__ import annotations

import timeit
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.reports.bookable import Bookable, out_of_use
from api.reports.grouping import MOST_GROUPS, MOST_IN_A_FILE, Counting, Report, refuse_too_many, report
from api.reports.question import DIMENSIONS, Question, Unaskable, asked
from api.reports.world import World
from tests.unit.api.reports import naive
from tests.unit.api.reports.naive import HOUR

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
BEGIN = int(MONDAY.timestamp()) * 1_000_000
OPENS = {"monday": (7, 22), "tuesday": (0, 24), "sunday": (9, 10)}
RULE = Bookable({"default": OPENS})
SIDE_ROOMS = ("room-1", "room|2", "lab-1", "never asked")

hours = st.integers(0, 30).map(lambda number: BEGIN + number * HOUR)
counts = st.integers(0, 5)
demand = st.fixed_dictionaries(
    dict.fromkeys(("asked", "confirmed", "refused", "cancelled", "expired", "no_show", "used", "waitlisted", "offered"), counts)
    | {"served": counts, "used_minutes": st.integers(0, 60), "category": st.sampled_from(["", "halls"])}
)
tables = st.dictionaries(st.tuples(st.sampled_from([*SIDE_ROOMS[:3], "unknown"]), hours).map("{0[0]}|{0[1]}".format), demand)
spans = st.tuples(st.integers(-90, 2000), st.integers(1, 600)).map(
    lambda s: (BEGIN + s[0] * 60_000_000, BEGIN + sum(s) * 60_000_000)
)
jobs = st.dictionaries(
    st.sampled_from("abc"),
    st.tuples(spans, st.sampled_from(["SCHEDULED", "CANCELLED"])).map(lambda job: (*job[0], job[1])),
    max_size=3,
)
about = st.fixed_dictionaries(
    {
        "jobs": jobs,
        "deleted": st.booleans(),
        "deleted_at": st.just(0) | st.integers(-90, 3000).map(lambda minute: BEGIN + minute * 60_000_000),
        "category_id": st.sampled_from(["rooms", "labs", "halls"]),
    }
)
known = st.fixed_dictionaries({}, optional=dict.fromkeys(SIDE_ROOMS, about))
questions = st.builds(
    Question,
    since=st.integers(0, 10).map(lambda number: BEGIN + number * HOUR),
    until=st.integers(11, 40).map(lambda number: BEGIN + number * HOUR),
    by=st.lists(st.sampled_from(DIMENSIONS), unique=True).map(tuple),
    resource=st.sampled_from([None, None, "room-1", "room|2", "nobody's"]),
    category=st.sampled_from([None, None, "rooms", "halls"]),
)


def counted(question: Question, rows: dict[str, Any], resources: dict[str, Any], partitions: int = 1) -> Report:
    world = World(resources, RULE)
    parts = [Counting(question, world) for _ in range(partitions)]
    for number, (key, row) in enumerate(rows.items()):
        parts[number % partitions].add(key, row)
    return report(question, parts, world)


@given(questions, tables, known, st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_every_figure_is_the_one_that_is_counted_the_long_way(
    question: Question, rows: dict[str, Any], resources: dict[str, Any], partitions: int
) -> None:
    found = counted(question, rows, resources, partitions)
    wanted = naive.groups(rows, resources, question, OPENS)
    assert [tuple(group.names.values()) for group in found.groups] == sorted(wanted)
    for group in found.groups:
        told, told_of = group.figures.told(), wanted[tuple(group.names.values())]
        assert {name: told[name] for name in (*naive.SUMS, "unmet")} == {name: told_of[name] for name in (*naive.SUMS, "unmet")}
        assert told["bookable_minutes"] == told_of["bookable"]
        share = told_of["used_then"] / told_of["bookable"] if told_of["bookable"] else None
        assert told["utilisation"] == (None if share is None else round(share, 4))
        assert share is None or 0 <= share <= 1
    for name in (*naive.SUMS, "unmet", "bookable_minutes"):
        assert found.total.told()[name] == sum(group.figures.told()[name] for group in found.groups)


@given(questions, tables, known, st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_the_first_by_a_figure_are_the_highest_and_the_total_is_of_all(
    question: Question, rows: dict[str, Any], resources: dict[str, Any], top: int
) -> None:
    everything = counted(question, rows, resources)
    first = counted(
        Question(question.since, question.until, question.by, top, "unmet", question.resource, question.category), rows, resources
    )
    highest = sorted((group.figures.unmet for group in everything.groups), reverse=True)
    assert [group.figures.unmet for group in first.groups] == highest[:top]
    assert first.total.told() == everything.total.told()


@given(jobs)
@settings(max_examples=200, deadline=None)
def test_a_minute_of_maintenance_is_taken_off_once_however_many_jobs_cover_it(jobs: dict[str, Any]) -> None:
    since, until = BEGIN + 2 * HOUR, BEGIN + 20 * HOUR
    wanted: dict[int, int] = {}
    for minute in range(since, until, 60_000_000):
        if any(begin <= minute < end and state != "CANCELLED" for begin, end, state in jobs.values()):
            hour = minute - minute % HOUR
            wanted[hour] = wanted.get(hour, 0) + 1
    found: dict[int, int] = {}
    for hour, minutes in out_of_use(jobs, since, until):
        found[hour] = found.get(hour, 0) + minutes
    assert found == wanted


def test_use_outside_of_opening_hours_is_told_but_fills_none_of_them() -> None:
    rows = {f"room-1|{BEGIN + hour * HOUR}": {"used": 1, "used_minutes": 60} for hour in (6, 7)}  # Monday opens at 7
    about = {"room-1": {"category_id": "rooms", "deleted": False, "jobs": {}}}
    told = counted(Question(BEGIN, BEGIN + 9 * HOUR), rows, about).total.told()
    assert (told["used_minutes"], told["bookable_minutes"], told["utilisation"]) == (120, 120, 0.5)


@pytest.mark.parametrize("gone", [{"deleted": True}, {"deleted": True, "deleted_at": BEGIN + 8 * HOUR}, None])
def test_use_of_what_is_gone_is_never_more_than_the_time_that_it_had(gone: dict[str, Any] | None) -> None:
    rows = {f"room-{n}|{BEGIN + hour * HOUR}": {"used": 1, "used_minutes": 60} for n in (1, 2) for hour in (7, 8, 9)}
    stays = {"category_id": "rooms", "deleted": False, "jobs": {}}
    about = {"room-1": stays} if gone is None else {"room-1": stays, "room-2": {**stays, **gone}}
    told = counted(Question(BEGIN, BEGIN + 10 * HOUR), rows, about).total.told()
    had = 60 if gone and "deleted_at" in gone else 0
    assert (told["used_minutes"], told["bookable_minutes"], told["utilisation"]) == (360, 180 + had, 1.0)


def test_visits_during_maintenance_fill_no_more_than_the_rest_of_the_hour() -> None:
    job = {"m": (BEGIN + 7 * HOUR, BEGIN + 7 * HOUR + HOUR // 2, "STARTED")}
    about = {"room-1": {"category_id": "rooms", "deleted": False, "jobs": job}}
    rows = {f"room-1|{BEGIN + 7 * HOUR}": {"used": 1, "used_minutes": 60}}
    told = counted(Question(BEGIN, BEGIN + 9 * HOUR), rows, about).total.told()
    assert (told["used_minutes"], told["bookable_minutes"], told["utilisation"]) == (60, 90, 0.3333)


def test_use_counts_where_the_hours_count_also_when_who_asked_named_another_category() -> None:
    about = {"room-1": {"category_id": "", "deleted": False, "jobs": {}}}
    rows = {f"room-1|{BEGIN + 7 * HOUR}": {"used": 1, "used_minutes": 60, "category": "halls"}}
    [group] = counted(Question(BEGIN, BEGIN + 9 * HOUR, ("category",)), rows, about).groups
    assert (group.names, group.figures.utilisation) == ({"category": ""}, 0.5), "its hours are of no category, and so are visits"


def test_the_first_hour_belongs_to_a_period_and_its_end_does_not() -> None:
    rows = {f"room-1|{BEGIN + hour * HOUR}": {"asked": 10**hour} for hour in range(5)}
    assert counted(Question(BEGIN + HOUR, BEGIN + 3 * HOUR), rows, {}).total.told()["asked"] == 110


def test_means_are_of_those_that_were_counted_and_there_is_none_of_nothing() -> None:
    rows: dict[str, Any] = {
        f"room-1|{BEGIN}": {"asked": 3, "leads": 2, "lead_minutes": 180, "approvals": 0, "approval_minutes": 0},
        f"room-1|{BEGIN + HOUR}": {"asked": 1, "leads": 1, "lead_minutes": 60, "refused": 1, "refused_by": {"CONFLICT": 1}},
    }
    told = counted(Question(BEGIN, BEGIN + 2 * HOUR), rows, {}).total.told()
    assert (told["lead_hours"], told["approval_hours"], told["utilisation"]) == (1.33, None, None)
    assert told["refused_by"] == {"CONFLICT": 1}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"by": "colour"}, "by"),
        ({"by": "day,day"}, "by"),
        ({"until": MONDAY}, "until"),
        ({"until": MONDAY + timedelta(days=93)}, "until"),
        ({"since": MONDAY + timedelta(minutes=1)}, "since"),
        ({"top": 0}, "top"),
        ({"sort": "beauty"}, "sort"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_field(changed: dict[str, Any], field: str) -> None:
    good: dict[str, Any] = {"since": MONDAY, "until": MONDAY + timedelta(days=92), "by": " day, hour "}
    assert asked(**good).by == ("day", "hour")
    with pytest.raises(Unaskable, match=f"^{field}: "):
        asked(**{**good, **changed})


@pytest.mark.parametrize("entity", ["resource", "category"])
def test_more_groups_than_anybody_looks_at_are_refused(entity: str) -> None:
    rooms = {f"room-{number}": {"category_id": f"rooms-{number}"} for number in range(MOST_GROUPS // 24 + 1)}
    question = Question(BEGIN, BEGIN + 48 * HOUR, (entity, "hour"))
    with pytest.raises(Unaskable, match=r"^by: these are 20,016 groups"):
        refuse_too_many(question, World(rooms, RULE))
    refuse_too_many(question, World(rooms, RULE), MOST_IN_A_FILE)


def test_a_quarter_of_a_year_by_the_hour_is_not_counted_resource_by_resource() -> None:
    rooms = {f"room-{number}": {"category_id": "rooms", "jobs": {}, "deleted": False} for number in range(2_000)}
    found: list[Report] = []
    question = Question(BEGIN, BEGIN + 92 * 24 * HOUR, ("day", "hour"))
    took = min(timeit.repeat(lambda: found.append(counted(question, {}, rooms)), number=1, repeat=2))
    assert len(found[0].groups) == 92 * 24
    assert found[0].total.bookable_minutes == 2_000 * 60 * sum(RULE.at(BEGIN + hour * HOUR, "rooms") for hour in range(92 * 24))
    assert took < 1, "an hour of all of them is a product; one by one it takes five seconds"


def test_the_rule_that_says_when_resources_can_be_booked_is_read_and_a_slip_in_it_is_said(tmp_path: Any) -> None:
    assert Bookable.ruled().at(BEGIN + 7 * HOUR, "rooms")
    assert not Bookable.ruled().at(BEGIN + 22 * HOUR, "rooms")
    file = tmp_path / "bookable.toml"
    for wrong in (
        "[default]\nmoonday = [1, 2]",
        "[default]\nmonday = [9, 9]",
        "[default]\nmonday = [9, 25]",
        "[labs]\nmonday = [1, 2]",
    ):
        file.write_text(wrong)
        with pytest.raises(ValueError, match="bookable"):
            Bookable.ruled(file)
    file.write_text("[default]\nmonday = [7, 8]\n[labs]\nmonday = [0, 24]")
    assert [Bookable.ruled(file).at(BEGIN, category) for category in ("labs", "rooms")] == [True, False]

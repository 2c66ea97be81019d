"""Every view shows what follows from the events that services have published, and each chart shows what its table says."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pyarrow import parquet

from tests.browser.month import BEGIN, CLOSES, OPENS, REPAIR, ROOMS, hours, name_of, repaired

if TYPE_CHECKING:
    from tests.browser.conftest import Shown
    from tests.browser.looking import Looking

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def percent(share: float | None) -> str:
    if share is None:
        return ""
    return f"{share:.1%}" if 0 < round(share, 4) < 0.1 else f"{round(share, 4):.0%}"


def heat(looking: Looking) -> dict[int, list[str]]:
    return {int(row[0][:2]): row[1:] for row in looking.table("heat")}


def test_the_heat_map_is_what_was_published_by_hour_and_weekday(shown: Shown, looking: Looking) -> None:
    page = looking.at()

    def counted(kind: str) -> dict[int, list[str]]:
        return {h: [f"{shown.month.sum(kind, hour=h, weekday=day):,}" for day in range(7)] for h in range(7, 22)}

    assert heat(looking) == counted("asked")
    page.get_by_label("Heat map of").select_option("unmet")
    page.get_by_role("heading", name="When demand is not met").wait_for()
    assert heat(looking) == counted("unmet")
    page.get_by_label("Heat map of").select_option("in use")
    page.get_by_role("heading", name="When it is in use").wait_for()
    for hour, fields in heat(looking).items():
        for day in range(7):
            these = [each for each in hours() if (each.hour, each.weekday()) == (hour, day)]
            assert fields[day] == percent(shown.month.use(list(ROOMS), these)), (hour, day)


def test_a_darker_field_is_a_higher_figure(looking: Looking) -> None:
    page = looking.at()
    fields = page.evaluate(
        "[...document.querySelectorAll('#heat td')].map(td => [Number(td.textContent), Number(td.className.slice(6))])"
    )
    assert len({shade for _, shade in fields}) >= 6
    ordered = sorted(fields)
    assert [shade for _, shade in ordered] == sorted(shade for _, shade in fields)
    assert all((shade == 0) == (value == 0) for value, shade in fields)


def test_the_trend_is_what_was_published_day_by_day(shown: Shown, looking: Looking) -> None:
    looking.at().get_by_text("Figures", exact=True).click()
    days = [BEGIN.date() + timedelta(days=number) for number in range(28)]
    wanted = {kind: [shown.month.sum(kind, day=day) for day in days] for kind in ("asked", "granted", "unmet")}
    rows = looking.table("trend")
    assert [row[0] for row in rows] == [day.strftime("%a %-d %b") for day in days]
    assert [[int(row[at]) for row in rows] for at in (1, 2, 3)] == list(wanted.values())
    drawn = looking.drawn("trend")
    assert drawn["labels"] == [day.strftime("%-d %b") for day in days]
    assert drawn["data"] == [list(pair) for pair in zip(("Asked for", "Granted", "Unmet"), wanted.values(), strict=True)]


def test_the_resources_with_most_unmet_demand_come_first(shown: Shown, looking: Looking) -> None:
    looking.at()
    rows = looking.table("unmet")
    wanted = {
        name_of(room): [shown.month.sum(kind, resource=room) for kind in ("refused", "waitlisted", "unmet")] for room in ROOMS
    }
    assert {row[0]: [int(cell) for cell in row[1:]] for row in rows} == {name: row for name, row in wanted.items() if row[2]}
    assert [int(row[3]) for row in rows] == sorted((int(row[3]) for row in rows), reverse=True)
    assert looking.drawn("unmet") == {
        "labels": [row[0] for row in rows],
        "data": [["Refused", [int(row[1]) for row in rows]], ["Left waiting", [int(row[2]) for row in rows]]],
    }
    assert sorted(many for _, many in looking.table("reasons")) == sorted(str(many) for many in shown.month.reasons.values())


def test_utilisation_is_the_use_of_bookable_hours_less_maintenance(shown: Shown, looking: Looking) -> None:
    looking.at()
    rows = looking.table("used")
    assert sorted(row[0] for row in rows) == sorted(map(name_of, ROOMS))
    told = {row[0]: row[1:] for row in rows}
    for room in ROOMS:
        used = shown.month.sum("minutes", resource=room) / 60
        bookable = sum(1 - repaired(room, hour) / 60 for hour in hours() if OPENS <= hour.hour < CLOSES)
        assert told[name_of(room)] == [percent(shown.month.use([room], hours())), f"{used:.1f}", f"{bookable:.1f}"]
    drawn = looking.drawn("used")
    [(_, shares)] = drawn["data"]
    assert drawn["labels"] == [row[0] for row in rows]
    assert shares == sorted(shares, reverse=True)
    assert [percent(share / 100) for share in shares] == [row[1] for row in rows]
    assert looking.figure("In use") == percent(shown.month.use(list(ROOMS), hours()))


def test_the_tiles_are_the_sums(shown: Shown, looking: Looking) -> None:
    looking.at()
    tiles = {"Asked for": "asked", "Granted": "granted", "Unmet": "unmet", "No-shows": "no_show", "Cancelled": "cancelled"}
    for tile, kind in tiles.items():
        assert looking.figure(tile) == f"{shown.month.sum(kind):,}", tile
    hours_ = [waited.total_seconds() / 3_600 for waited in shown.month.waits]
    assert float(looking.figure("Approval").removesuffix(" h")) == pytest.approx(sum(hours_) / len(hours_), abs=0.1)


def test_a_category_is_chosen_and_the_page_can_be_linked_to(shown: Shown, looking: Looking) -> None:
    page = looking.at()
    page.get_by_label("Category").select_option("labs")
    page.get_by_role("heading", name="Demand: labs").wait_for()
    asked = f"{shown.month.sum('asked', category='labs'):,}"
    assert looking.figure("Asked for") == asked
    linked = page.url
    page.goto(f"{looking.url}/reports")
    page.goto(linked)
    assert looking.figure("Asked for") == asked


def test_one_resource_is_looked_into_by_a_click(shown: Shown, looking: Looking) -> None:
    page, room = looking.at(), REPAIR[0]
    page.locator("#used").get_by_role("link", name=name_of(room)).click()
    page.get_by_role("heading", name=name_of(room)).wait_for()
    assert looking.figure("Asked for") == f"{shown.month.sum('asked', resource=room):,}"
    wanted = {h: [str(shown.month.sum("asked", resource=room, hour=h, weekday=day)) for day in range(7)] for h in range(7, 22)}
    assert heat(looking) == wanted
    assert looking.table("jobs") == [["13 Oct 06:00", "15 Oct 12:00", "Scheduled"]]
    rows = looking.table("unmet")
    assert rows
    for when, *figures in rows:
        then = {"weekday": WEEKDAYS.index(when[:3]), "hour": int(when[4:6]), "resource": room}
        assert [int(one) for one in figures] == [shown.month.sum(kind, **then) for kind in ("refused", "waitlisted", "unmet")]
    page.get_by_role("link", name="All resources").click()
    page.get_by_role("heading", name="Demand", exact=True).wait_for()


def test_the_figures_can_be_taken_along_as_csv_and_parquet(shown: Shown, looking: Looking) -> None:
    page = looking.at()
    days = [BEGIN.date() + timedelta(days=number) for number in range(28)]
    wanted = {(room, str(day)): shown.month.sum("asked", resource=room, day=day) for room in ROOMS for day in days}
    found = []
    for name in ("CSV", "Parquet"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        found.append(download.value.path().read_bytes())
    lines = list(csv.DictReader(io.StringIO(found[0].decode(), newline="")))
    assert {(line["resource"], line["day"]): int(line["asked"]) for line in lines} == wanted
    table = parquet.read_table(io.BytesIO(found[1])).to_pylist()
    assert {(row["resource"], row["day"]): row["asked"] for row in table} == wanted

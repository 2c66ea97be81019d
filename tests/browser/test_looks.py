"""How the page looks and behaves: for everybody, everywhere, and as long as it is open."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from bookly.events.availability import ReservationCreated
from tests.browser.looking import Looking
from tests.browser.month import END
from tests.browser.pictures import KEPT, PICTURES, look_of_the_page
from tests.pipeline import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.conftest import Shown

TAKEN = Path("build/reports")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out_by_the_form_or_a_refusal(browser: Browser, shown: Shown, session: Any, scheme: Any) -> None:
    with Looking(browser, shown.url, storage_state=session, color_scheme=scheme) as looking:
        for path in ("?last=never", "/sign-in"):
            looking.page.goto(f"{shown.url}/reports{path}")
            assert looking.findings() == [], path


def test_everything_is_reached_by_the_keyboard(looking: Looking) -> None:
    page = looking.at()
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(e => [e.id, e.textContent.trim().slice(0, 20)])(document.activeElement)"))
    assert reached[0][1] == "To the figures"
    ids = {each[0] for each in reached}
    assert {"follow", "first", "last", "category", "show"} <= ids
    names = {each[1] for each in reached}
    assert {"Figures", "CSV", "Parquet", "Sign out", "Lab Robotics"} <= names


def test_a_chart_that_is_printed_is_dark_on_white_whatever_the_screen(shown: Shown, browser: Browser, session: Any) -> None:
    with Looking(browser, shown.url, storage_state=session, color_scheme="dark") as looking:
        page = looking.at()
        ink = "Chart.getChart(document.querySelector('canvas[data-of=trend]')).data.datasets[0].borderColor"
        on_screen = page.evaluate(ink)
        page.emulate_media(media="print")
        eventually(lambda: page.evaluate(ink) != on_screen, "it is drawn again")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("getComputedStyle(document.querySelector('header')).display") == "none"
        assert page.evaluate("getComputedStyle(document.querySelector('.shade-9')).printColorAdjust") == "exact"


def test_what_happens_is_seen_without_a_reload_and_not_while_it_is_paused(shown: Shown, looking: Looking) -> None:
    page = looking.at()
    page.evaluate("window.here = 'still'")
    before = int(looking.figure("Asked for"))
    late = END - timedelta(minutes=30)

    def ask(name: str) -> None:
        slot = {"starts_at": END + timedelta(days=1), "ends_at": END + timedelta(days=1, hours=1)}
        event = ReservationCreated(
            reservation_id=name, resource_id="van", category_id="equipment", user_id="u-2", attendees=1, **slot
        )
        shown.publish((event, late))
        shown.month.tell("asked", "van", late)

    ask("live-1")
    expect(page.locator('[data-figure="Asked for"]')).to_have_text(str(before + 1), timeout=20_000)
    assert page.evaluate("window.here") == "still"
    page.get_by_label("Live").uncheck()
    page.get_by_text("paused").wait_for()
    ask("live-2")
    page.wait_for_timeout(2_500)  # longer than a change takes to be seen
    assert looking.figure("Asked for") == str(before + 1)
    page.get_by_label("Live").check()
    expect(page.locator('[data-figure="Asked for"]')).to_have_text(str(before + 2), timeout=20_000)


def test_while_an_owner_is_dead_no_figure_is_shown_but_the_reason_until_it_is_back(shown: Shown, looking: Looking) -> None:
    page = looking.at()
    for worker in shown.pipeline.workers.values():
        worker.kill()
    try:
        answer = page.goto(page.url)
        assert answer is not None
        assert answer.status == 503
        assert page.get_by_role("heading").inner_text() == "No figures just now"
        assert "bookly-reports" in page.get_by_role("alert").inner_text()
        assert page.locator("table").count() == 0
    finally:
        for worker in shown.pipeline.workers.values():
            worker.start()

    def back() -> bool:
        answer = page.goto(page.url)
        return answer is not None and answer.status == 200

    eventually(back, "the page is back")
    assert looking.figure("Asked for") == f"{shown.month.sum('asked'):,}"
    looking.faults.clear()  # the browser, too, says that there was no answer


@pytest.mark.parametrize("name", PICTURES)
def test_each_of_the_pictures_is_open_to_everybody_and_fits_its_window(
    shown: Shown, browser: Browser, session: Any, name: str
) -> None:
    view, window, how, media = PICTURES[name]
    with Looking(browser, shown.url, storage_state=session, **how) as looking:
        looking.page.set_viewport_size(window)
        looking.at(view)
        looking.page.emulate_media(media=media)
        eventually(lambda: not looking.overflows(), "nothing is wider than its window", 10)
        assert looking.findings() == []
        path = (KEPT if os.environ.get("BOOKLY_PICTURES") else TAKEN) / f"{name}.png"
        looking.take(path)
        assert path.stat().st_size > 20_000
        (path.parent / "of.txt").write_text(look_of_the_page() + "\n", encoding="utf-8")
        looking.saw_no_fault()


def test_the_pictures_in_the_docs_are_of_this_page() -> None:
    assert (KEPT / "of.txt").read_text(encoding="utf-8").strip() == look_of_the_page(), (
        "the page has changed since its pictures were taken: take them again by `make pictures`, and look at them"
    )
    page = Path("docs/reports.md").read_text(encoding="utf-8")
    for name in PICTURES:
        assert (KEPT / f"{name}.png").exists(), f"there is no picture {name}: `make pictures`"
        assert f"reports/{name}.png" in page, f"docs/reports.md does not show {name}"

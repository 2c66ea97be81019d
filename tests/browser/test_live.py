"""The page while it is open: what it misses, what it is refused, what comes late, and the way back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from bookly.events.availability import ReservationCreated
from tests.browser.month import END, LAST
from tests.pipeline import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.browser.conftest import Shown
    from tests.browser.looking import Looking

SEEN = "seen => { Object.defineProperty(document, 'hidden', { get: () => !seen, configurable: true }); \
document.dispatchEvent(new Event('visibilitychange')); }"
STREAMS = "window.streams = []; const Real = EventSource; window.EventSource = class extends Real \
{ constructor(...what) { super(...what); window.streams.push(this); } };"


def ask(shown: Shown, name: str) -> None:
    """One more reservation is asked for, and counted."""
    late, slot = END - timedelta(minutes=30), {"starts_at": END + timedelta(days=1), "ends_at": END + timedelta(days=1, hours=1)}
    event = ReservationCreated(
        reservation_id=name, resource_id="van", category_id="equipment", user_id="u-2", attendees=1, **slot
    )
    shown.publish((event, late))
    shown.month.tell("asked", "van", late)


def asked_for(page: Page, many: int) -> None:
    expect(page.locator('[data-figure="Asked for"]')).to_have_text(f"{many:,}", timeout=20_000)


def test_what_changed_while_the_page_did_not_listen_is_seen_as_soon_as_it_does(shown: Shown, looking: Looking) -> None:
    page = looking.at()
    page.evaluate("window.here = 'still'")
    page.get_by_label("Live").uncheck()
    page.get_by_text("paused").wait_for()
    ask(shown, "missed-1")
    page.get_by_label("Live").check()
    asked_for(page, shown.month.sum("asked"))
    assert page.evaluate("window.here") == "still"


def test_a_tab_that_nobody_sees_holds_no_connection_and_is_right_when_it_is_seen(shown: Shown, looking: Looking) -> None:
    looking.context.add_init_script(STREAMS)
    page = looking.at()
    page.evaluate(SEEN, False)
    assert page.evaluate("streams.map(stream => stream.readyState)") == [2]
    ask(shown, "unseen-1")
    page.evaluate(SEEN, True)
    asked_for(page, shown.month.sum("asked"))
    eventually(lambda: page.evaluate("streams.at(-1).readyState") == 1, "it listens again")


def test_a_refusal_is_said_beside_the_figures_and_takes_nothing_away(shown: Shown, looking: Looking) -> None:
    page = looking.at()
    problems: list[tuple[int, str, str]] = [
        (429, "application/problem+json", '{"detail": "You have asked too often: ask again in 600 s."}'),
        (502, "text/html", "<h1>Bad Gateway</h1>"),
    ]

    def refuse(route: Route) -> None:
        if "hx-request" not in route.request.headers:
            route.fallback()
            return
        status, kind, body = problems[0]
        route.fulfill(status=status, content_type=kind, body=body, headers={"Retry-After": "600"})

    page.route(re.compile(r"/reports\?"), refuse)
    for show, said in (("unmet", "You have asked too often: ask again in 600 s."), ("utilisation", "no answer (502)")):
        page.get_by_label("Heat map of").select_option(show)
        expect(page.locator("#news")).to_have_text(said)
        assert looking.figure("Asked for") == f"{shown.month.sum('asked'):,}"
        problems.pop(0)
    page.unroute_all()
    page.get_by_label("Heat map of").select_option("unmet")
    page.get_by_role("heading", name="When demand is not met").wait_for()
    expect(page.locator("#news")).to_have_text("")
    looking.faults.clear()  # the browser says that it was refused


def test_a_late_answer_to_the_view_before_does_not_take_the_place_of_the_one_that_was_chosen(looking: Looking) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "hx-request" in route.request.headers and not held:
            held.append(route)
        else:
            route.fallback()

    page = looking.page
    page.route(re.compile(r"/reports\?"), hold)
    page.goto(f"{looking.url}/reports?first={LAST}&last={LAST}")
    for _ in range(200):
        if not held:
            page.wait_for_timeout(50)
    page.get_by_label("Category").select_option("labs")
    page.get_by_role("heading", name="Demand: labs").wait_for()
    with page.expect_response(lambda answer: "category" not in answer.url and "hx-request" in answer.request.headers):
        held[0].continue_()
    page.wait_for_timeout(500)
    assert page.get_by_role("heading", level=1).inner_text() == "Demand: labs"
    assert page.get_by_label("Category").input_value() == "labs"


def test_back_and_forward_lead_to_whole_pages(shown: Shown, looking: Looking) -> None:
    page = looking.at()
    page.get_by_label("Category").select_option("labs")
    page.get_by_role("heading", name="Demand: labs").wait_for()
    for go, heading, where in ((page.go_back, "Demand", {}), (page.go_forward, "Demand: labs", {"category": "labs"})):
        go()
        page.get_by_role("heading", name=heading, exact=True).wait_for()
        page.locator("body[data-live=yes]").wait_for()
        asked_for(page, shown.month.sum("asked", **where))
        assert looking.drawn("trend")["labels"]
        page.get_by_label("Live").uncheck()
        page.get_by_text("paused").wait_for()


def test_a_wrong_date_is_mended_where_it_was_given(shown: Shown, looking: Looking) -> None:
    page = looking.at()
    page.get_by_label("From").fill("2026-12-24")
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("From").input_value() == "2026-12-24"
    page.get_by_label("From").fill("2026-10-05")
    asked_for(page, shown.month.sum("asked"))
    page.locator("body[data-live=yes]").wait_for()
    looking.faults.clear()  # the browser says that it was refused

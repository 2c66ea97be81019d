"""Each view by itself: what it shows, to whom, by keyboard, in the dark; and a replay of what was applied changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.console.conftest import Operator, wait_for
from tests.browser.console.pictures import taken
from tests.browser.console.story import room

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.console.conftest import Deploy

VIEWS = ("", "/find?topic=bookly.availability&limit=5", "/life", "/dead?group=resources", "/replays", "/reset", "/trail")


def test_find_shows_what_meets_every_condition_and_takes_code_for_text(operator: Operator) -> None:
    page = operator.goes_to("Find")
    page.get_by_label("Topic", exact=True).select_option("bookly.availability")
    page.get_by_label("Event", exact=True).select_option("RESERVATION_CREATED")
    page.get_by_label("Fields, one a line").fill(f"resource_id={room(3)}\nattendees>2")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", name="2 found")).to_be_visible()
    assert {row[3] for row in operator.table("found")} == {room(3)}
    assert len(operator.table("found")) == 2
    taken(operator, "find")
    page.get_by_label("Fields, one a line").fill("resource_id=__import__('os').system('id')")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("No record meets every condition.")).to_be_visible()
    page.get_by_label("Fields, one a line").fill("lambda: 1")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("alert")).to_contain_text("is no condition")
    operator.faults.clear()  # a browser tells of a 422 as of a fault


def test_a_replay_is_previewed_and_run_and_what_was_applied_stays_as_it_is(deploy: Deploy, operator: Operator) -> None:
    before = deploy.used()
    page = operator.goes_to("Replays")
    if not page.get_by_label("Topic", exact=True).is_visible():
        page.get_by_text("Plan a replay").click()
    page.get_by_label("Topic", exact=True).select_option("bookly.availability")
    page.get_by_label("Event", exact=True).select_option("RESERVATION_CREATED")
    page.get_by_label("Fields, one a line").fill("resource_id^console-0")
    page.get_by_label("For this one group").select_option("resources")
    page.get_by_label("Reason", exact=True).fill("to see that it changes nothing")
    page.get_by_role("button", name="Plan it").click()
    expect(page.get_by_role("heading", name="What it would do")).to_be_visible()
    assert operator.table("types") == [["RESERVATION_CREATED", "300"]]
    verdicts = {row[0]: int(row[1]) for row in operator.table("verdicts")}
    assert sum(verdicts.values()) == 300
    assert "applied already, or passed over by a reset of offsets: it is skipped" in verdicts
    taken(operator, "preview")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#replay .period")).to_contain_text("finished", timeout=30_000)
    wait_for(page, "produced", "300")
    expect(page.locator("#effects")).to_be_visible(timeout=30_000)
    assert page.get_by_role("link", name="← All replays").count() == 1, "what was asked again took the place of what was there"
    taken(operator, "replay")
    assert deploy.used() == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out_and_a_laptop_needs_no_scrolling_sideways(deploy: Deploy, browser: Browser, scheme: Any) -> None:
    with Operator(browser, deploy.url, deploy.key(), color_scheme=scheme) as looking:
        for view in VIEWS:
            looking.page.goto(f"{deploy.url}/console{view}")
            assert looking.findings() == [], view
            assert looking.overflows() == [], view
        looking.saw_no_fault()


def test_everything_is_reached_by_the_keyboard(operator: Operator) -> None:
    page = operator.page
    page.goto(f"{operator.url}/console/dead?group=resources")
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(e => e.id || e.textContent.trim().slice(0, 20))(document.activeElement)"))
    assert reached[0] == "To the view"
    assert {"Overview", "Find", "Replays", "Audit", "Sign out", "group", "key", "handler", "error", "Show"} <= set(reached)


def test_who_may_look_alone_is_offered_nothing_else_and_refused_if_they_try(deploy: Deploy, browser: Browser) -> None:
    with Operator(browser, deploy.url, deploy.key("console:look")) as looking:
        page = looking.page
        page.goto(f"{deploy.url}/console/replays")
        assert page.get_by_role("button").all_inner_texts() == ["Sign out"]
        page.goto(f"{deploy.url}/console/trail")
        expect(page.locator(".why")).to_contain_text("it needs console:administer")


def test_a_form_of_another_site_does_nothing(deploy: Deploy, operator: Operator) -> None:
    answer = operator.page.request.post(
        f"{deploy.url}/console/dead/drop",
        form={"group": "resources", "seen": "x", "key": room(1), "why": "mischief"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status == 403


def test_what_has_changed_since_it_was_shown_is_not_dropped(deploy: Deploy, operator: Operator) -> None:
    page = operator.page
    page.goto(f"{deploy.url}/console/dead?group=resources")
    shown = page.locator("#keys tbody tr").all_inner_texts()
    answer = page.request.post(
        f"{deploy.url}/console/dead/drop", form={"group": "resources", "seen": "of another head", "key": room(1), "why": "late"}
    )
    assert answer.status == 409
    assert "has changed since it was shown" in answer.text()
    page.reload()
    assert page.locator("#keys tbody tr").all_inner_texts() == shown

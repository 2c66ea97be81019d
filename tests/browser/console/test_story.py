"""A bad deploy dead-letters 500 events; the operator finds why, sees it mended, releases one key, then all. Nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.console.pictures import taken
from tests.browser.console.story import KEYS, oracle
from tests.pipeline import eventually

if TYPE_CHECKING:
    from tests.browser.console.conftest import Deploy, Operator


def test_the_whole_story(deploy: Deploy, operator: Operator) -> None:
    page = operator.page
    expect(page.locator("#waiting")).to_contain_text("resources")
    taken(operator, "overview")

    page = operator.goes_to("Dead letters")
    [row] = operator.table("summary")
    assert row[:4] == ["resources", "availability.reservation.created", "HANDLER_RAISED", row[3]]
    assert "count_reservation" in row[3]
    assert "ZeroDivisionError: the share of 13 visitors" in row[4]
    assert row[5:] == [f"{KEYS}", f"{2 * KEYS}"]
    page.locator("#summary").get_by_role("link", name="resources").click()
    expect(page.get_by_role("heading", name=f"{KEYS} keys wait, with {2 * KEYS} events")).to_be_visible()
    taken(operator, "dead-letters")

    page.locator("#keys").get_by_role("link").first.click()
    expect(page.locator("#of-data")).to_contain_text("13")
    taken(operator, "record")
    page.get_by_role("link", name="The life of this reservation").click()
    expect(page.locator("#life")).to_contain_text("resources waits: count_reservation (HANDLER_RAISED")
    taken(operator, "life")

    deploy.deploy_fixed()
    operator.goes_to("Dead letters")
    page.locator("#summary").get_by_role("link", name="resources").click()
    one, other = (row[0] for row in operator.table("keys")[:2])
    page.get_by_role("button", name=f"Release {one}", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("1 of 1 keys flow again")
    eventually(lambda: deploy.used()[one] == 3, "the released key's events are counted")
    assert deploy.used()[other] == 1, "and nobody else's"

    expect(page.get_by_role("heading", name=f"{KEYS - 1} keys wait, with {2 * KEYS - 2} events")).to_be_visible()
    page.get_by_label("Reason", exact=True).fill("the handler is mended")
    page.get_by_role("button", name=f"Release {KEYS - 1} keys").click()
    expect(page.get_by_role("status")).to_have_text(f"{KEYS - 1} of {KEYS - 1} keys flow again", timeout=60_000)
    taken(operator, "released")
    deploy.wait_until_read()
    assert deploy.used() == oracle()

    operator.goes_to("Audit")
    expect(page.get_by_role("status")).to_contain_text("entries hold")
    looked, released, *_ = operator.table("entries")
    assert looked[3:5] == ["trail", "allowed"], "who reads it is in it"
    assert released[3:6] == ["release", "allowed", "the handler is mended"]
    taken(operator, "trail")

"""Who sees the page: nobody without a key that may, and a browser never keeps the key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from api.http.security.keys import new_key
from tests.browser.looking import Looking

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.conftest import Shown


def test_without_a_session_only_the_form_is_seen_and_a_wrong_key_is_told_so(shown: Shown, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    for path in ("/reports", "/reports?resource=room-a101"):
        page.goto(shown.url + path)
        assert page.url == f"{shown.url}/reports/sign-in"
    page.get_by_label("API key or token").fill("bookly_00000000_wrong")
    page.get_by_role("button", name="Sign in").click()
    assert page.get_by_role("alert").inner_text() == "The API key is not known here, or was taken out."
    assert context.cookies() == []
    context.close()


def test_a_key_that_may_not_read_demand_gets_nobody_in(shown: Shown, browser: Browser) -> None:
    other = new_key(shown.pipeline.logs / "keys.json", "somebody", ["resources:read"])
    page = browser.new_page()
    page.goto(f"{shown.url}/reports/sign-in")
    page.get_by_label("API key or token").fill(other)
    page.get_by_role("button", name="Sign in").click()
    assert page.get_by_role("alert").inner_text() == "It needs demand:read."
    page.close()


def test_the_cookie_is_for_the_page_alone_hidden_from_scripts_and_does_not_tell_the_key(looking: Looking, shown: Shown) -> None:
    looking.at()
    [cookie] = looking.context.cookies()
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"], cookie["path"]) == (True, True, "Strict", "/reports")
    assert looking.page.evaluate("document.cookie") == ""
    secret = shown.key.split("_", 2)[2]  # which may have one in it
    assert secret not in cookie["value"]
    assert looking.page.evaluate("JSON.stringify([localStorage, sessionStorage])") == "[{},{}]"
    bearing = {"Cookie": f"{cookie['name']}={cookie['value']}"}
    assert looking.context.request.get(f"{shown.url}/reports", headers=bearing).status == 200
    assert looking.context.request.get(f"{shown.url}/resources", headers=bearing).status == 401, "it opens nothing else"


def test_who_signs_out_sees_the_form_again(looking: Looking) -> None:
    looking.at().get_by_role("button", name="Sign out").click()
    looking.page.wait_for_url("**/sign-in")
    looking.page.goto(f"{looking.url}/reports")
    assert looking.page.url.endswith("/sign-in")


@pytest.mark.parametrize("as_htmx", [False, True])
def test_a_key_that_is_taken_out_takes_its_sessions_with_it(shown: Shown, browser: Browser, as_htmx: bool) -> None:
    file = shown.pipeline.logs / "keys.json"
    leaving = new_key(file, f"leaving-{as_htmx}", ["demand:read"])
    with Looking(browser, shown.url, leaving) as looking:
        looking.at()
        left = {prefix: row for prefix, row in json.loads(file.read_text()).items() if row["name"] != f"leaving-{as_htmx}"}
        file.write_text(json.dumps(left))
        if as_htmx:
            looking.page.get_by_label("Heat map of").select_option("unmet")
        else:
            looking.page.reload()
        looking.page.wait_for_url("**/sign-in")

"""The page without a browser: who gets in, what a cookie opens, and what is said where there is nothing to show."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

import api.http.page.live as page_live
from api.http.live.hub import MOST_EACH, Hub
from api.http.page.live import changes
from api.http.security.areas import REPORTS
from api.http.security.keys import ApiKeys, new_key
from api.http.security.permissions import NAMES
from api.http.security.sessions import LASTS_S, Sessions
from api.http.security.tokens import Claims
from tests.unit.api.http.conftest import World
from tests.unit.api.http.tokens import token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HTML = {"Accept": "text/html"}
DAY = {"first": "2026-11-25", "last": "2026-11-25"}
SECRET = "a-secret-for-tests-only"  # noqa: S105  # of nobody's


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    """A browser, which takes the cookie over TLS alone."""
    app, browser = world.app(), {"base_url": "https://bookly.example.edu", "follow_redirects": False}
    with TestClient(app, raise_server_exceptions=False, **browser) as found:  # type: ignore[arg-type]
        yield found


def sign_in(client: TestClient, credential: str, **headers: str) -> Any:
    return client.post("/reports/sign-in", data={"credential": credential}, headers=headers)


def planner(world: World, name: str = "planner", *permissions: str) -> str:
    return new_key(world.key_file, name, permissions or ("demand:read", "maintenance:read"))


def test_who_has_not_signed_in_is_led_to_the_form(client: TestClient) -> None:
    answer = client.get("/reports", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/reports/sign-in")
    part = client.get("/reports", headers={**HTML, "HX-Request": "true"})
    assert (part.status_code, part.headers["hx-redirect"]) == (401, "/reports/sign-in")
    assert client.get("/reports").headers["content-type"] == "application/problem+json"
    assert client.get("/reports/sign-in").status_code == 200


def test_a_key_or_a_token_that_may_opens_the_page(client: TestClient, world: World) -> None:
    for credential in (planner(world), token("u-1", "demand:read")):
        answer = sign_in(client, f" {credential} ")
        assert (answer.status_code, answer.headers["location"]) == (303, "/reports")
        set_ = answer.headers["set-cookie"]
        assert all(
            f"; {each}" in set_ for each in ("HttpOnly", "Secure", "SameSite=strict", "Path=/reports", f"Max-Age={LASTS_S}")
        )
        page = client.get("/reports", params=DAY, headers=HTML)
        assert page.status_code == 200
        assert "<h1>Demand</h1>" in page.text
        client.cookies.clear()


@pytest.mark.parametrize(
    ("credential", "status", "why"),
    [
        ("", 401, "Send a token or an API key"),
        ("bookly_00000000_x", 401, "not known here"),
        ("reports-session.00000000.99999999999.00", 401, "The session has ended"),
        ("<script>alert(1)</script>", 401, "The token"),
        (token("u-1", "resources:read"), 403, "It needs demand:read."),
        (token("u-1", "demand:read", padding="x" * 8_000), 401, "it is longer than"),
    ],
)
def test_whoever_may_not_sees_the_form_with_the_reason_and_gets_no_cookie(
    client: TestClient, credential: str, status: int, why: str
) -> None:
    answer = sign_in(client, credential)
    assert answer.status_code == status
    assert why in answer.text
    assert "set-cookie" not in answer.headers
    assert "<script>" not in answer.text


def test_a_form_with_more_fields_than_ours_is_refused_and_no_fault_of_ours(client: TestClient) -> None:
    answer = client.post("/reports/sign-in", data={f"field-{number}": "x" for number in range(6)})
    assert (answer.status_code, "more fields than the form" in answer.text) == (422, True)


async def test_who_leaves_while_signing_in_is_no_fault_of_ours(world: World) -> None:
    app, sent = world.app(), []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/reports/sign-in", "query_string": b"", "headers": []}
    async with world.open() as edge:
        app.state.edge = edge
        await app({**scope, "app": app, "http_version": "1.1", "scheme": "https"}, receive, send)
    assert sent[0]["status"] == 400


def test_people_sign_in_behind_a_proxy_that_names_another_host(client: TestClient, world: World) -> None:
    outside = {"Origin": "https://reports.example.edu", "Host": "127.0.0.1:8000"}
    key = planner(world)
    assert sign_in(client, key, **outside, **{"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert sign_in(client, key, **outside).status_code == 403, "a browser that does not say where the form stood"


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}]
)
def test_a_form_on_another_site_signs_nobody_in(client: TestClient, world: World, headers: dict[str, str]) -> None:
    key = planner(world)
    answer = sign_in(client, key, **headers)
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert sign_in(client, key, **{"Sec-Fetch-Site": "same-origin", "Origin": "https://bookly.example.edu"}).status_code == 303


def test_a_session_reads_demand_on_the_page_and_nothing_else_whatever_the_key_may(client: TestClient, world: World) -> None:
    sign_in(client, planner(world, "director", *NAMES))
    assert client.get("/reports", params=DAY).status_code == 200
    bearing = {"Cookie": f"{REPORTS.cookie}={client.cookies[REPORTS.cookie]}"}
    for path in ("/resources", "/demand", "/metrics", "/audit/u-1", "/reportsx"):
        assert client.get(path, headers=bearing).status_code == 401, path
    as_bearer = {"Authorization": f"Bearer {client.cookies[REPORTS.cookie]}"}
    for path in ("/resources", "/metrics", "/audit/u-1", "/users/u-1"):
        assert client.get(path, headers=as_bearer).status_code == 403, path


@pytest.mark.parametrize("permissions", [["demand:read", "roles:assign"], None])
def test_a_token_is_not_kept_by_the_browser_and_its_session_is_revoked_with_it(
    client: TestClient, world: World, permissions: list[str] | None
) -> None:
    grants = {"role": "planner", "scope": "*", "permissions": ["demand:read", "roles:assign"]}
    world.owners.tables["auth", "grants"]["u-1"] = {"grants": [grants]}
    credential = token("u-1", permissions=permissions, jti="jti-1", padding="x" * 4_000)
    assert sign_in(client, credential).status_code == 303
    cookie = client.cookies[REPORTS.cookie]
    assert not set(credential.split(".")) & set(cookie.split("."))
    assert len(cookie) < 4_000, "browsers keep no longer one"
    assert client.get("/reports", params=DAY).status_code == 200
    as_bearer = {"Authorization": f"Bearer {cookie}"}
    assert client.get("/users/u-1", headers=as_bearer).status_code == 403
    world.caches.auth.revoked.add("jti-1")
    assert client.get("/reports", params=DAY).status_code == 401


def test_a_session_of_a_token_ends_with_it_or_after_its_time_and_cannot_be_forged(tmp_path: Path) -> None:
    now = 1_000_000.0
    sessions = Sessions(REPORTS, ApiKeys(tmp_path / "keys.json"), SECRET, lambda: now)
    short, long = (Claims("u-1", "jti-1", now, now + lasts, frozenset({"demand:read"})) for lasts in (60, LASTS_S * 2))
    assert sessions.claims(sessions.of(short)) == short
    found = sessions.claims(cookie := sessions.of(long))
    assert found is not None
    assert found.expires_at == now + LASTS_S
    says, seal = cookie.removeprefix(REPORTS.of_token).split(".")
    for forged in (f"{says}.{'0' * 64}", f"{says}A.{seal}", f".{seal}", "", "é.é", seal):
        assert sessions.claims(REPORTS.of_token + forged) is None, forged
    assert Sessions(REPORTS, ApiKeys(tmp_path / "keys.json"), "another-secret-of-tests", lambda: now).claims(cookie) is None
    ends, now = sessions.of(short), now + 60
    assert sessions.claims(ends) is None
    now += LASTS_S
    assert sessions.claims(cookie) is None


def test_a_cookie_is_good_for_as_long_as_it_says_and_its_key_is_what_it_was(tmp_path: Path) -> None:
    file, now = tmp_path / "keys.json", 1_000_000.0
    key = new_key(file, "planner", ["demand:read", "roles:assign"])
    sessions = Sessions(REPORTS, ApiKeys(file), SECRET, lambda: now)
    cookie = sessions.opened(key)
    assert cookie is not None
    principal = sessions.principal(cookie)
    assert principal is not None
    assert (principal.user_id, principal.expires_at) == ("key:planner", now + LASTS_S)
    assert set(principal.permissions) == {"demand:read"}, "though the key may more"
    assert sessions.opened(key[:-1]) is None
    prefix, until, seal = cookie.removeprefix(REPORTS.of_key).split(".")
    forged = (
        f"{prefix}.{int(until) + 1}.{seal}",
        f"{prefix}.{until}.{'0' * 64}",
        f"00000000.{until}.{seal}",
        "",
        "é.é.é",
        "a.b",
        f"{prefix}..",
    )
    for each in forged:
        assert sessions.principal(REPORTS.of_key + each) is None, each
    assert Sessions(REPORTS, ApiKeys(file), "another-secret-of-tests", lambda: now).principal(cookie) is None
    now += LASTS_S - 1
    assert sessions.principal(cookie) is not None
    now += 1
    assert sessions.principal(cookie) is None
    now = 1_000_000.0
    rows = json.loads(file.read_text())
    rows[prefix]["sha256"] = "0" * 64
    file.write_text(json.dumps(rows))
    assert sessions.principal(cookie) is None, "another key with the same prefix"


def test_an_owner_that_is_away_is_told_and_no_figure_is_shown(client: TestClient, world: World) -> None:
    sign_in(client, planner(world))
    world.owners.away = True
    for headers in (HTML, {**HTML, "HX-Request": "true"}):
        answer = client.get("/reports", params=DAY, headers=headers)
        assert answer.status_code == 503
        assert "the partition is being taken over" in answer.text
        assert "<table" not in answer.text
        assert ("<html" in answer.text) == ("HX-Request" not in headers)
    assert client.get("/reports/export", params=DAY).status_code == 503


@pytest.mark.parametrize(
    ("view", "why"),
    [
        ({"first": "yesterday"}, "query.first: it is no day"),
        ({"last": "0001-01-01"}, "query.last: it is outside of 2000 to 2199"),
        ({**DAY, "first": "2026-01-01"}, "query.first: it is the first of at most 92 days"),
        ({**DAY, "first": "2026-12-01"}, "query.first: it is the first of at most 92 days"),
        ({**DAY, "show": "beauty"}, "query.show: it is none of"),
        ({**DAY, "resource": "x" * 200}, "query.resource: it is no name"),
    ],
)
def test_a_view_that_there_is_not_is_said_on_the_page(client: TestClient, world: World, view: dict[str, str], why: str) -> None:
    sign_in(client, planner(world))
    answer = client.get("/reports", params=view, headers=HTML)
    assert (answer.status_code, why in answer.text) == (422, True)


def test_no_name_is_taken_for_html(client: TestClient, world: World) -> None:
    sign_in(client, planner(world))
    evil = '"><img src=x onerror=alert(1)>'
    about = {"jobs": {}, "status": "AVAILABLE", "deleted": False, "category_id": evil, "name": evil}
    world.owners.tables["reports", "downtime"][evil] = about
    world.owners.tables["reports", "demand"][f"{evil}|1764061200000000"] = {"refused": 1, "refused_by": {evil: 1}}
    day = {"first": "2025-11-25", "last": "2025-11-25"}
    for view in (day, {**day, "category": evil}, {**day, "resource": evil}):
        page = client.get("/reports", params=view, headers=HTML)
        assert page.status_code == 200
        assert "<img" not in page.text


def test_nothing_on_the_page_needs_more_than_our_own_files(client: TestClient, world: World) -> None:
    sign_in(client, planner(world))
    for path in ("/reports", "/reports/sign-in"):
        answer = client.get(path, headers=HTML)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert "style=" not in answer.text
        for name in ("reports.css", "reports.js", "htmx.js", "chart.js", "icon.svg"):
            assert client.get(f"/reports/assets/{name}").status_code == 200
    client.cookies.clear()
    assert client.get("/reports/assets/nothing.js").status_code == 401


async def test_changes_are_told_at_most_one_a_second_until_the_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_live, "PAUSE_S", 0.05)
    monkeypatch.setattr(page_live, "SILENT_S", 0.1)
    hub, told = Hub(), []

    async def listen() -> None:
        with hub.listen("u-1", ("demand", "*")) as listener:
            async for line in changes(listener, lambda: None):
                told.append(line.strip())  # noqa: PERF401  # what was told so far is looked at meanwhile

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0.02)
    for _ in range(20):
        hub.tell([(("demand", "*"), "{}"), (("demand", "room-1"), "{}")])
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.3)
    changed = [line for line in told if "changed" in line]
    assert "event: ready" in told[0]
    assert 1 < len(changed) < 6
    assert any("still here" in line for line in told)
    assert hub.listeners == 1
    await hub.close("it ends")
    await asyncio.wait_for(listening, 1)
    assert hub.listeners == 0


async def lines(hub: Hub, unready: Callable[[], str | None] = lambda: None) -> list[str]:
    """All of a stream, which has to end."""
    with hub.listen("u-1", ("demand", "*")) as listener:
        async with asyncio.timeout(5):
            return [line async for line in changes(listener, unready)]


async def test_a_stream_ends_in_time_for_the_browser_to_be_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_live, "LASTS_S", 0.1)
    hub = Hub()
    assert len(await lines(hub)) >= 1
    assert hub.listeners == 0


async def test_a_stream_does_not_outlive_the_feed_that_it_tells_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_live, "SILENT_S", 0.05)
    why = iter([None, "The live feed does not run."])
    told = await lines(Hub(), lambda: next(why))
    assert [line.strip() for line in told[1:]] == [": still here"]


def test_what_cannot_be_told_is_refused_before_a_stream_begins(client: TestClient, world: World) -> None:
    sign_in(client, planner(world))
    world.why = "The live feed does not run: it has not begun yet."
    answer = client.get("/reports/live", params=DAY)
    assert (answer.status_code, answer.json()["detail"]) == (503, world.why)
    world.why = None
    with ExitStack() as tabs:
        for _ in range(MOST_EACH):
            tabs.enter_context(world.hub.listen("key:planner", ("demand", "*")))
        answer = client.get("/reports/live", params=DAY)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")
    asyncio.run(world.hub.close("The process ends."))
    assert client.get("/reports/live", params=DAY).status_code == 503


def test_a_stream_leaves_its_place_when_it_ends(client: TestClient, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_live, "LASTS_S", 0.1)
    sign_in(client, planner(world))
    answer = client.get("/reports/live", params=DAY)
    assert (answer.status_code, "event: ready" in answer.text) == (200, True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert world.hub.listeners == 0


@pytest.mark.parametrize("headers", [HTML, {**HTML, "HX-Request": "true"}])
def test_a_wrong_date_is_mended_in_the_form_that_it_was_given_in(
    client: TestClient, world: World, headers: dict[str, str]
) -> None:
    sign_in(client, planner(world))
    wrong = {"first": "2026-12-01", "last": "2026-11-25", "category": "labs", "show": "unmet"}
    answer = client.get("/reports", params=wrong, headers=headers)
    assert answer.status_code == 422
    for said in ('name="first" value="2026-12-01"', 'name="last" value="2026-11-25"'):
        assert said in answer.text
    for said in ("labs", "unmet"):
        assert f'<option value="{said}" selected>' in answer.text
    nothing = client.get("/reports", params={"first": "x", "last": "y", "resource": "z" * 200, "show": "beauty"}, headers=headers)
    assert (nothing.status_code, 'id="ask"' in nothing.text) == (422, True)


def test_a_refusal_that_is_not_of_the_page_can_be_told_from_its_figures(client: TestClient, world: World) -> None:
    sign_in(client, planner(world))
    part = {**HTML, "HX-Request": "true"}
    assert "bookly-page" in client.get("/reports", params=DAY, headers=part).headers
    client.cookies.clear()
    key = new_key(world.key_file, "somebody", ["resources:read"])
    refused = client.get("/reports", params=DAY, headers={**part, "X-API-Key": key})
    assert (refused.status_code, "bookly-page" in refused.headers) == (403, False)

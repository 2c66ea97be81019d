"""Every route is closed: found in the app itself, so that one that is added is tested as well."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.websockets import WebSocketDisconnect

from api.http.security.admission import OPEN
from api.http.security.guard import OpenRoute, needs_of, refuse_open_routes
from api.http.security.permissions import CONSOLE, LOOK, NAMES, NEEDS
from tests.unit.api.http.conftest import World, bearing
from tests.unit.api.http.tokens import token

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from api.http.security.permissions import Need

VALUES = {
    "date": "2026-11-25",
    "week": "2026-W48",
    "user_id": "u-1",
    "resource_id": "room-1",
    "reservation_id": "res-1",
    "subject": "u-1",
}


def closed_routes(app: FastAPI) -> list[tuple[str, str, Need]]:
    """Method (WS for a socket), path with values, and what it needs."""
    return [
        (method, re.sub(r"\{(\w+)\}", lambda found: VALUES.get(found[1], "rooms"), route.path or ""), need)
        for route in iter_route_contexts(app.routes)
        if route.path not in OPEN
        for need in needs_of(route)
        for method in (route.methods or {"WS"})
    ]


def refused(client: TestClient, method: str, path: str, credential: str | None) -> int:
    """The status, or a socket's code as one."""
    if method != "WS":
        headers = {"Authorization": f"Bearer {credential}"} if credential else {}
        response = client.request(method, path, headers={**headers, "Idempotency-Key": str(uuid4())})
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["detail"].endswith(".")
        return response.status_code
    with client.websocket_connect(path) as socket:
        socket.send_json({"token": credential})
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
    return closed.value.code - 4000


def test_there_are_routes_to_test(world: World) -> None:
    found = closed_routes(world.app())
    assert len(found) >= 29
    asked_of_the_desk = set(CONSOLE) - {LOOK}  # verb by verb: a refusal of those is written down (test_roles.py)
    assert {need for _, _, need in found} == set(NEEDS) - asked_of_the_desk


def test_every_route_is_refused_without_a_token(world: World, client: TestClient) -> None:
    statuses = {(method, path): refused(client, method, path, None) for method, path, _ in closed_routes(world.app())}
    assert set(statuses.values()) == {401}, statuses


def test_who_is_nobody_is_not_read_nor_told_what_there_is(client: TestClient) -> None:
    assert client.post("/events", content=b"{", headers={"Content-Type": "application/json"}).status_code == 401
    assert client.post("/events", content=b"x" * 2_000_000).status_code == 401
    assert client.get("/nowhere").status_code == 401


def test_every_route_is_refused_with_every_permission_but_its_own(world: World, client: TestClient) -> None:
    for method, path, need in closed_routes(world.app()):
        others = NAMES - {need.wide, *need.narrow}
        assert refused(client, method, path, token("u-1", *others)) == 403, (method, path)


def test_an_app_with_an_open_route_does_not_start(world: World) -> None:
    app, added = world.app(), APIRouter()
    added.add_api_route("/open", lambda: "anybody")
    app.include_router(added)
    with pytest.raises(OpenRoute, match="/open names no permission"):
        refuse_open_routes(app)


@pytest.mark.parametrize("open_route", ["socket", "mount"])
def test_neither_does_one_with_an_open_socket_or_a_mounted_app(world: World, open_route: str) -> None:
    app = world.app()
    if open_route == "socket":
        app.add_api_websocket_route("/open", lambda: None)
    else:
        app.mount("/open", FastAPI())
    with pytest.raises(OpenRoute, match="/open"):
        refuse_open_routes(app)


def test_a_user_reads_their_own_things_and_nobody_elses(client: TestClient) -> None:
    own = ("reservations:read:own", "users:read:own", "approvals:read:own", "waitlists:read:own")
    paths = ("/reservations/res-1", "/users/u-1/reservations", "/reservations/res-1/approval", "/users/u-1", "/users/u-1/roles")
    for path in paths:
        assert client.get(path, headers=bearing("u-1", *own)).status_code == 200, path
        assert client.get(path, headers=bearing("u-2", *own)).status_code == 403, path
        wide = [name.removesuffix(":own") for name in own]
        assert client.get(path, headers=bearing("u-2", *wide)).status_code == 200, path


def test_a_queue_shows_a_user_their_own_place_in_it(client: TestClient) -> None:
    mine = client.get("/resources/room-1/waitlist", headers=bearing("u-1", "waitlists:read:own")).json()["entries"]
    assert [(each["waitlist_id"], each["place"]) for each in mine] == [("wl-2", 2)]
    all_of_it = client.get("/resources/room-1/waitlist", headers=bearing("u-1", "waitlists:read")).json()["entries"]
    assert [each["place"] for each in all_of_it] == [1, 2]


def test_roles_open_routes_where_a_token_names_no_permissions_and_only_those_that_hold_everywhere(
    client: TestClient, world: World
) -> None:
    silent = {"Authorization": f"Bearer {token('u-1', permissions=None)}"}
    assert client.get("/reservations/res-1", headers=silent).status_code == 200
    decide = {"Idempotency-Key": str(uuid4()), **silent}  # held in the scope `labs` alone
    body = {"expected_version": 1}
    assert client.post("/reservations/res-1/approval/grant", headers=decide, json=body).status_code == 403
    world.owners.away = True
    stranger = {"Authorization": f"Bearer {token('u-3', permissions=None)}"}
    assert client.get("/reservations/res-1", headers=stranger).status_code == 503

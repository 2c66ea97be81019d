"""What is read: from the cache, or from who owns it, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from api.http.security.permissions import NAMES
from tests.unit.api.http.conftest import World, bearing

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

ALL = bearing("u-1", *NAMES)
READS: dict[str, dict[str, Any]] = {
    "/resources/room-1": {"resource_id": "room-1", "name": "Room 1", "status": "AVAILABLE"},
    "/resources/room-1/status": {"status": "AVAILABLE"},
    "/resources/room-1/usage": {"reserved": 1, "used_minutes": 60},
    "/resources/room-2/usage": {"reserved": 0, "used_minutes": 0},
    "/categories/rooms": {"category_id": "rooms", "name": "Rooms"},
    "/resources/room-1/days/2026-11-25": {"date": "2026-11-25"},
    "/resources/room-1/days/2026-11-26": {"slots": []},
    "/resources/room-2/weeks/2026-W48": {"week": "2026-W48", "slots": []},
    "/reservations/res-1": {"state": "CONFIRMED", "starts_at": "2026-11-25T09:00:00Z", "version": 2},
    "/reservations/res-1/approval": {"revision": 1, "deadline_at": "2026-11-25T10:00:00Z", "version": {"bookly.test": 7}},
    "/users/u-1": {"email": "one@example.edu", "password_changed_at": "2026-11-25T09:00:00Z"},
    "/users/u-1/roles": {"roles": ["lab-manager@labs", "lecturer"]},
    "/users/u-1/permissions": {"permissions": ["approval:decide@labs", "booking:create", "reservations:read:own"]},
    "/users/u-1/booking-permissions": {"permissions": ["booking:create"]},
    "/users/nobody/roles": {"roles": []},
    "/users/nobody/reservations": {"items": []},
}
MISSING = (
    *("/resources/none", "/resources/none/status", "/resources/none/usage", "/categories/none", "/resources/none/waitlist"),
    *("/resources/none/days/2026-11-25", "/resources/none/weeks/2026-W48", "/reservations/none", "/users/none"),
    "/reservations/none/approval",
)
DEMAND = "/resources/room-1/demand?since=2026-11-25T00:00:00Z&until=2026-11-26T00:00:00Z"


@pytest.mark.parametrize("path", READS)
def test_it_shows_what_the_owner_has(client: TestClient, path: str) -> None:
    found = client.get(path, headers=ALL)
    assert found.status_code == 200
    assert READS[path].items() <= found.json().items()


@pytest.mark.parametrize("path", MISSING)
def test_it_is_not_there_only_where_the_owner_says_so(client: TestClient, world: World, path: str) -> None:
    missing = client.get(path, headers=ALL)
    assert (missing.status_code, missing.json()["type"]) == (404, "not-there")
    for cache in (world.caches.auth, world.caches.resources, world.caches.availability):
        cache.clear()
    world.owners.away = True
    away = client.get(path, headers=ALL)
    assert (away.status_code, away.headers["retry-after"]) == (503, "3")
    assert away.json()["detail"] == "the partition is being taken over"


def test_a_day_shows_what_is_taken_and_never_by_whom(client: TestClient) -> None:
    slots = client.get("/resources/room-1/days/2026-11-25", headers=ALL).json()["slots"]
    assert slots == [{"starts_at": "2026-11-25T09:00:00Z", "ends_at": "2026-11-25T10:00:00Z", "kind": "RESERVATION"}]


def test_what_was_read_once_is_read_from_the_cache(client: TestClient, world: World) -> None:
    for _ in range(3):
        client.get("/reservations/res-1", headers=ALL)
    assert world.owners.asked["availability", "reservations", "res-1"] == 1
    for _ in range(3):
        client.get("/reservations/res-1/approval", headers=ALL)
    assert world.owners.asked["stockpile", "approvals", "res-1"] == 3  # a decision is compared with it


def test_lists_and_searches_show_what_is_not_deleted_and_say_when_there_is_more(client: TestClient) -> None:
    def ids(path: str) -> tuple[list[str], bool]:
        found = client.get(path, headers=ALL).json()
        return [each["resource_id"] for each in found["items"]], found["more"]

    assert ids("/resources") == (["room-1", "room-2"], False)
    assert ids("/resources?category=rooms&limit=1") == (["room-1"], True)
    assert ids("/resources?status=IN_USE") == (["room-2"], False)
    assert ids("/resources?category=labs") == ([], False)
    assert ids("/search?q=BUILDING+2") == (["room-2"], False)
    assert [each["category_id"] for each in client.get("/categories", headers=ALL).json()["items"]] == ["rooms"]


def test_what_is_written_into_one_part_of_a_question_answers_no_other(client: TestClient) -> None:
    for between in ("&", "&status=", '", "', " ", ",", "|", ":"):
        asked = {"category": f"rooms{between}IN_USE"}
        assert client.get("/resources", params=asked, headers=ALL).json()["items"] == []
    found = client.get("/resources?category=rooms&status=IN_USE", headers=ALL).json()["items"]
    assert [each["resource_id"] for each in found] == ["room-2"]


def test_who_has_more_reservations_than_the_index_keeps_reads_the_latest(client: TestClient, world: World) -> None:
    world.owners.more = True
    found = client.get("/users/u-1/reservations", headers=ALL)
    assert (found.status_code, [each["reservation_id"] for each in found.json()["items"]]) == (200, ["res-1"])


def test_demand_is_counted_by_the_hour(client: TestClient, world: World) -> None:
    found = client.get(DEMAND, headers=ALL).json()
    assert [(each["hour"], each["asked"], each["refused_by"]) for each in found["hours"]] == [
        ("2026-11-25T09:00:00Z", 3, {"CONFLICT": 1})
    ]
    assert found["version"] == {"bookly.test": 7}
    world.owners.away = True
    assert client.get(DEMAND, headers=ALL).status_code == 503


@pytest.mark.parametrize(
    "path",
    [
        "/resources/room-1/demand?since=2026-11-26T00:00:00Z&until=2026-11-25T00:00:00Z",
        "/resources/room-1/demand?since=2026-11-01T00:00:00Z&until=2026-11-25T00:00:00Z",
        "/resources/room-1/demand?since=2026-11-25T00:00:00&until=2026-11-26T00:00:00",
        "/resources/room-1/weeks/2026-W60",
        "/resources/room-1/days/1066-10-14",
        "/resources?status=BROKEN",
        "/search?q=a",
    ],
)
def test_a_question_that_has_no_answer_is_refused_with_its_field(client: TestClient, path: str) -> None:
    refused = client.get(path, headers=ALL)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"].startswith(("query.", "path."))


def test_an_answer_that_has_not_changed_is_not_sent_again(client: TestClient, world: World) -> None:
    first = client.get("/resources/room-1", headers=ALL)
    again = client.get("/resources/room-1", headers={**ALL, "If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    world.caches.resources.clear()
    world.owners.tables["resources", "resources"]["room-1"] = {**world.owners.tables["resources", "resources"]["room-2"]}
    changed = client.get("/resources/room-1", headers={**ALL, "If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]

"""Errors are sentences for people and names for programs; what went wrong inside stays inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.http.security.permissions import NAMES
from tests.unit.api.http.conftest import World, bearing

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

ALL = bearing("u-1", *NAMES)


def test_a_fault_of_ours_says_nothing_of_its_cause(client: TestClient, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the secret text")

    monkeypatch.setattr(world.owners, "row", fail)
    failed = client.get("/resources/room-1", headers=ALL)
    assert (failed.status_code, failed.headers["content-type"]) == (500, "application/problem+json")
    assert failed.json()["type"] == "failed"
    assert "secret" not in failed.text


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/resources", 405), ("BREW", "/resources", 405)]
)
def test_a_path_or_a_method_that_there_is_not_is_a_problem_too(client: TestClient, method: str, path: str, status: int) -> None:
    refused = client.request(method, path, headers=ALL)
    assert (refused.status_code, refused.headers["content-type"]) == (status, "application/problem+json")
    assert refused.json()["detail"].endswith(".")


def test_an_unauthenticated_caller_is_told_how_to_authenticate(client: TestClient) -> None:
    assert client.get("/resources").headers["www-authenticate"] == 'Bearer realm="bookly"'


def test_it_is_alive_always_and_ready_only_when_it_can_do_what_it_is_for(client: TestClient, world: World) -> None:
    assert client.get("/readyz").status_code == 200
    world.why = "The live feed does not run: no broker."
    assert client.get("/healthz").status_code == 200
    unready = client.get("/readyz")
    assert (unready.status_code, unready.json()["detail"]) == (503, world.why)


def test_metrics_count_by_route_and_never_by_what_a_caller_chose(client: TestClient) -> None:
    for name in ("room-1", "room-2", "none"):
        client.get(f"/resources/{name}", headers=ALL)
    client.request("BREW", "/coffee", headers=ALL)
    text = client.get("/metrics", headers=ALL).text
    assert 'bookly_api_requests_total{method="GET",route="/resources/{resource_id}",status="200"} 2.0' in text
    assert 'bookly_api_requests_total{method="GET",route="/resources/{resource_id}",status="404"} 1.0' in text
    assert 'method="other",route="none"' in text
    assert "coffee" not in text
    assert "bookly_api_sockets 0.0" in text

"""Events in: each of the contract's examples is taken, and what the contract does not allow is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from api.http.ingestion import Publishable
from bookly import Producer
from bookly.catalog import EVENTS, EventType
from bookly.errors import DeliveryFailed
from tests.unit.api.http.conftest import World, bearing
from tests.unit.api.http.test_commands import last

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

DATA = {"resource_id": "room-1", "status": "AVAILABLE", "previous": "IN_USE"}
FREE: dict[str, Any] = {"type": "resources.status.changed", "data": DATA}
PUBLISHER = bearing("u-1", "publish:any", **{"Content-Type": "application/json"})


def test_every_example_of_the_contracts_is_taken(client: TestClient, world: World) -> None:
    for kind in Publishable:
        spec = EVENTS[EventType(kind.value)]
        example = json.loads(Path(f"schemas/{spec.domain}/{spec.name.lower()}.example.json").read_text())
        event = {
            "type": kind.value,
            "data": example["data"],
            "id": example["metadata"]["event_id"],
            "time": "2026-11-23T10:00:00Z",
        }
        done = client.post("/events", headers=bearing("u-1", f"publish:{spec.domain}"), json=event)
        assert done.status_code == 202, done.text
        found = last(world)
        assert (found.metadata.event_id, found.metadata.actor) == (event["id"], "u-1")
        assert done.json()["topic"] == spec.topic


def test_publishing_for_one_domain_is_not_publishing_for_another(client: TestClient, world: World) -> None:
    refused = client.post("/events", headers=bearing("u-1", "publish:auth"), json=FREE)
    assert refused.status_code == 403
    assert refused.json()["detail"] == "It needs publish:resources."
    assert not world.broker.records


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"type": "resources.status.mended"}, "body.type"),
        ({"type": "reports.demand.window_closed"}, "body.type"),
        ({"data": {**DATA, "status": "BROKEN"}}, "body.data.status"),
        ({"data": {**DATA, "colour": "crimson"}}, "body.data.colour"),
        ({"data": {**DATA, "\ud800": "crimson"}}, "body.data"),
        ({"data": {**DATA, "resource_id": 7}}, "body.data.resource_id"),
        ({"data": {**DATA, "resource_id": ""}}, "body.data.resource_id"),
        ({"data": {**DATA, "resource_id": "\ud800"}}, "body.data.resource_id"),
        ({"data": {}}, "body.data.resource_id"),
        ({"data": []}, "body.data"),
        ({"id": "7"}, "body.id"),
        ({"time": "yesterday"}, "body.time"),
        ({"more": 1}, "body.more"),
        ({"\ud800": 1}, "body"),
    ],
)
def test_a_refusal_names_the_field_and_quotes_no_value(
    client: TestClient, world: World, changed: dict[str, Any], field: str
) -> None:
    refused = client.post("/events", headers=PUBLISHER, content=json.dumps({**FREE, **changed}))
    assert refused.status_code == 422, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["errors"][0]["field"] == field
    for secret in ("BROKEN", "crimson", "yesterday"):
        assert secret not in refused.text
    assert not world.broker.records


@pytest.mark.parametrize("name", ["lab/1", "r\x00x", "r" * 129])
def test_an_event_about_what_could_never_be_read_is_refused(client: TestClient, world: World, name: str) -> None:
    refused = client.post("/events", headers=PUBLISHER, json={**FREE, "data": {**DATA, "resource_id": name}})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body.data.resource_id")
    assert not world.broker.records


def test_an_event_that_nobody_confirmed_is_sent_again_with_its_id(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(*_: object, **__: object) -> None:
        raise DeliveryFailed("resources.status.changed", "5d1a3e52-4a8f-4c39-9a43-0b7d6d0c1f10", "no answer")

    monkeypatch.setattr(Producer, "publish", lost)
    answer = client.post("/events", headers=PUBLISHER, json=FREE)
    assert answer.status_code == 503
    assert '"id": "5d1a3e52-4a8f-4c39-9a43-0b7d6d0c1f10"' in answer.json()["detail"]


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1969-12-31T23:59:59Z"])
def test_a_time_at_the_edge_of_the_calendar_is_no_fault_of_ours(client: TestClient, time: str) -> None:
    event = {"type": "resources.maintenance.started", "data": {"maintenance_id": "m", "resource_id": "r", "started_at": time}}
    assert client.post("/events", headers=PUBLISHER, json=event).status_code in {202, 422}


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{", b"\xff\xfe", b"1" * 5_000, b'{"a": NaN}', b"", b"null"])
def test_a_body_that_is_no_event_is_refused(client: TestClient, body: bytes) -> None:
    refused = client.post("/events", headers=PUBLISHER, content=body)
    assert refused.status_code in {400, 422}
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_body_that_is_too_large_is_413_however_it_comes(client: TestClient) -> None:
    event = {**FREE, "data": {**DATA, "resource_id": "r" * 1_000_001}}
    whole = client.post("/events", headers=PUBLISHER, json=event)
    chunked = client.post("/events", headers=PUBLISHER, content=(bytes(100_000) for _ in range(11)))
    for refused in (whole, chunked):
        assert (refused.status_code, refused.headers["content-type"]) == (413, "application/problem+json")
        assert refused.json()["detail"].endswith(".")


def test_an_event_that_is_just_too_large_for_the_broker_is_413(client: TestClient) -> None:
    data = {"maintenance_id": "m", "resource_id": "r", "reason": "r" * 999_720, "technician": None}
    data |= {"starts_at": "2026-11-25T09:00:00Z", "ends_at": "2026-11-25T10:00:00Z"}
    refused = client.post("/events", headers=PUBLISHER, json={"type": "resources.maintenance.scheduled", "data": data})
    assert refused.status_code == 413
    assert "1,000,000" in refused.json()["detail"]

"""What is commanded: one event each, the same one when it is sent again, and never in another's name."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from api.http.security.permissions import NAMES
from bookly.reading import decode_record
from tests.unit.api.http.conftest import World, bearing

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from httpx2 import Response

SLOT = {"starts_at": "2026-11-25T09:00:00Z", "ends_at": "2026-11-25T10:30:00Z"}
RESERVE = {"resource_id": "room-1", **SLOT, "attendees": 4}
COMMANDS: dict[str, tuple[str, str, dict[str, Any] | None, str]] = {
    "reserve": ("POST", "/reservations", RESERVE, "availability.reservation.created"),
    "cancel": ("POST", "/reservations/res-1/cancellation", None, "availability.reservation.cancelled"),
    "grant": ("POST", "/reservations/res-1/approval/grant", {"expected_version": 1}, "stockpile.approval.granted"),
    "reject": (
        "POST",
        "/reservations/res-1/approval/reject",
        {"expected_version": 1, "reason": "no"},
        "stockpile.approval.rejected",
    ),
    "maintain": ("POST", "/resources/room-1/maintenance", {**SLOT, "reason": "lamp"}, "resources.maintenance.scheduled"),
    "assign": ("POST", "/users/u-2/roles", {"role": "lecturer", "scope": "labs"}, "auth.role.assigned"),
    "delete": ("DELETE", "/resources/room-1?reason=sold", None, "resources.resource.deleted"),
}


def send(client: TestClient, command: str, user: str = "u-1", key: str | None = None, **changed: Any) -> Response:
    method, path, body, _ = COMMANDS[command]
    headers = bearing(user, *NAMES, **{"Idempotency-Key": key or str(uuid4())})
    content = None if body is None else json.dumps({**body, **changed})
    found: Response = client.request(method, path, headers={**headers, "Content-Type": "application/json"}, content=content)
    return found


def last(world: World) -> Any:
    """The event that lies on its topic last, from its bytes."""
    schemas: Any = world.schemas
    return decode_record(world.broker.records[-1].value, schemas)[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_one_event_and_its_answer_says_where_it_lies(client: TestClient, world: World, command: str) -> None:
    done = send(client, command)
    assert done.status_code == 202, done.text
    (sent,) = world.broker.records
    said = done.json()
    assert (said["type"], said["event_id"], said["topic"]) == (COMMANDS[command][3], sent.event_id, sent.topic)
    assert sent.event == COMMANDS[command][3]
    assert last(world).metadata.actor == "u-1"
    assert said["links"]
    assert all(client.get(link, headers=bearing("u-1", *NAMES)).status_code in {200, 404} for link in said["links"].values())


@pytest.mark.parametrize("command", COMMANDS)
def test_a_retry_is_the_same_event_and_anothers_key_is_another(client: TestClient, world: World, command: str) -> None:
    key = str(uuid4())
    answers = [send(client, command, user, key).json() for user in ("u-1", "u-1", "u-2")]
    ids = [each["event_id"] for each in answers]
    assert ids[0] == ids[1] != ids[2]
    assert answers[0]["links"] == answers[1]["links"]
    assert [sent.event_id for sent in world.broker.records] == ids


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_without_a_key_is_refused(client: TestClient, world: World, command: str) -> None:
    method, path, body, _ = COMMANDS[command]
    for key in (None, "", "7", "not-a-uuid"):
        headers = bearing("u-1", *NAMES, **({} if key is None else {"Idempotency-Key": key}))
        refused = client.request(method, path, headers=headers, json=body)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "header.Idempotency-Key"
    assert not world.broker.records


def test_two_commands_with_one_key_are_two_events(client: TestClient, world: World) -> None:
    key = str(uuid4())
    assert len({send(client, command, "u-1", key).json()["event_id"] for command in COMMANDS}) == len(COMMANDS)


def test_a_reservation_gets_its_category_from_the_resource_and_its_id_from_the_key(client: TestClient, world: World) -> None:
    key = str(uuid4())
    link = send(client, "reserve", key=key).json()["links"]["reservation"]
    event = last(world)
    assert link == f"/reservations/{event.reservation_id}"
    assert re.fullmatch(r"res-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f-]{21}", event.reservation_id)
    assert (event.category_id, event.user_id, event.attendees) == ("rooms", "u-1", 4)
    forged = client.post(
        "/reservations", headers=bearing("u-1", *NAMES, **{"Idempotency-Key": key}), json={**RESERVE, "category_id": "x"}
    )
    assert forged.status_code == 422


def test_nobody_reserves_or_cancels_for_another_without_the_permission(client: TestClient, world: World) -> None:
    def ask(user: str, permission: str, path: str, body: dict[str, Any] | None) -> int:
        headers = bearing(user, permission, **{"Idempotency-Key": str(uuid4())})
        return client.post(path, headers=headers, json=body).status_code

    for_another = {**RESERVE, "user_id": "u-2"}
    assert ask("u-1", "booking:create", "/reservations", for_another) == 403
    assert ask("u-2", "booking:create", "/reservations/res-1/cancellation", None) == 403
    assert not world.broker.records
    assert ask("u-1", "booking:create:any", "/reservations", for_another) == 202
    assert last(world).user_id == "u-2"
    assert ask("u-2", "booking:cancel:any", "/reservations/res-1/cancellation", None) == 202
    assert (last(world).reason, last(world).cancelled_by) == ("BY_STAFF", "u-2")
    assert ask("u-1", "booking:create", "/reservations/res-1/cancellation", None) == 202
    assert last(world).reason == "BY_USER"


def test_a_decision_names_who_made_it_and_what_it_was_made_on(client: TestClient, world: World) -> None:
    send(client, "grant", "u-7", expected_version=3)
    event = last(world)
    assert (event.decided_by, event.expected_version, event.automatic, event.approval_id) == ("u-7", 3, False, "apr-res-1")


def test_a_role_is_assigned_with_what_it_holds_now(client: TestClient, world: World) -> None:
    send(client, "assign")
    assert (last(world).permissions, last(world).scope) == (["booking:create"], "labs")
    assert send(client, "assign", role="emperor").status_code == 404


@pytest.mark.parametrize(
    ("command", "changed", "field"),
    [
        ("reserve", {"ends_at": SLOT["starts_at"]}, "body"),
        ("reserve", {"starts_at": "2026-11-25T09:00:00"}, "body.starts_at"),
        ("reserve", {"starts_at": "1066-10-14T09:00:00Z"}, "body.starts_at"),
        ("reserve", {"attendees": 0}, "body.attendees"),
        ("reserve", {"purpose": "\ud800"}, "body.purpose"),
        ("reserve", {"resource_id": "room/../1"}, "body.resource_id"),
        ("maintain", {"ends_at": SLOT["starts_at"]}, "body"),
        ("reject", {"reason": ""}, "body.reason"),
    ],
)
def test_a_command_that_cannot_be_is_refused_with_its_field(
    client: TestClient, world: World, command: str, changed: dict[str, Any], field: str
) -> None:
    refused = send(client, command, **changed)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field
    assert not world.broker.records


def test_a_command_that_the_broker_does_not_confirm_is_503_and_says_that_a_retry_is_harmless(
    client: TestClient, world: World
) -> None:
    world.broker.break_session("for a test")
    refused = send(client, "delete")
    assert refused.status_code == 503
    assert refused.json()["detail"].endswith("send it again with the same Idempotency-Key.")
    assert "for a test" not in refused.text

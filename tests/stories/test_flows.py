"""The five flows on real servers: an event from outside, and what everybody made of it. Caches are read before and after."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bookly.cache import TYPES, Caches
from bookly.events.auth import RoleAssigned
from bookly.events.availability import WaitlistJoined
from bookly.events.resources import MaintenanceScheduled, ResourceDeleted
from bookly.events.stockpile import ApprovalGranted, ApprovalRejected
from bookly.records import availability as seen
from tests.stories.university import NINE, reserve, resource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.pipeline import Pipeline

HOUR = timedelta(hours=1)
ROWS = {name: replace(each, model=dict[str, Any]) for name, each in TYPES.items()}  # whole rows, to compare them with tables
STALE_S = 1.0  # an entry may be shown for so long after the commit that made it stale


@pytest.fixture
async def cache(flow: Pipeline) -> AsyncIterator[Caches]:
    async with Caches(str(flow.stack.redis)) as opened:
        yield opened


async def read(cache: Caches, flow: Pipeline, kind: str, table: tuple[str, str, str], *parts: str) -> Any:
    """Through the cache; the source is the group's table."""

    async def loader() -> Any:
        return flow.row(*table)

    return await cache.of(ROWS[kind]).get_or_load(*parts, loader=loader)


async def read_new(cache: Caches, flow: Pipeline, kind: str, table: tuple[str, str, str], *parts: str) -> Any:
    """What a reader is shown within STALE_S of the commit, which must be what the table says by now."""
    deadline, row = time.monotonic() + STALE_S, flow.row(*table)
    while (shown := await read(cache, flow, kind, table, *parts)) != row:
        assert time.monotonic() < deadline, f"{shown} is still shown, the table has {row}"
        await asyncio.sleep(0.01)
    return shown


def emitted(flow: Pipeline, kind: type[Any], resource_id: str) -> list[Any]:
    events: list[Any] = flow.events(kind.TOPIC, kind)
    return [event for event in events if event.resource_id == resource_id]


async def test_a_reservation_is_created(flow: Pipeline, cache: Caches) -> None:
    room = resource(flow)
    table = ("resources", "usage", room)
    assert await read(cache, flow, "usage", table, room) is None
    first = reserve(flow, room)
    assert (await read_new(cache, flow, "usage", table, room))["reserved"] == 1
    reserve(flow, room, start=NINE + HOUR)

    assert (await read_new(cache, flow, "usage", table, room))["reserved"] == 2
    assert flow.row("availability", "reservations", first)["state"] == "CONFIRMED"
    assert flow.row("stockpile", "approvals", first) | {"state": "GRANTED", "automatic": True} == flow.row(
        "stockpile", "approvals", first
    )
    [window] = [row for key, row in flow.table("reports", "demand").items() if key.startswith(f"{room}|")]
    assert (window["asked"], window["confirmed"], window["refused"]) == (2, 2, 0)


async def test_an_approval_is_decided(flow: Pipeline, cache: Caches) -> None:
    hall = resource(flow, "auditoriums")
    reservation, rejected = reserve(flow, hall), reserve(flow, hall, start=NINE + HOUR)
    table = ("availability", "reservations", reservation)
    assert (await read(cache, flow, "reservation", table, reservation))["state"] == "PENDING"
    waiting = WaitlistJoined(
        waitlist_id=f"wl-{hall}", resource_id=hall, user_id="u-9", starts_at=NINE + HOUR, ends_at=NINE + 2 * HOUR, attendees=1
    )
    flow.producer.publish(waiting)
    flow.wait_until_quiet()

    about = {"resource_id": hall, "expected_version": 1, "decided_by": "u-42"}
    granted = ApprovalGranted(approval_id=f"apr-{reservation}", reservation_id=reservation, automatic=False, **about)
    refused = ApprovalRejected(approval_id=f"apr-{rejected}", reservation_id=rejected, reason="exam week", **about)
    flow.producer.publish(granted)
    flow.producer.publish(refused)
    flow.wait_until_quiet()

    assert (await read_new(cache, flow, "reservation", table, reservation))["state"] == "CONFIRMED"
    assert flow.row("availability", "reservations", rejected)["state"] == "REJECTED"
    assert [event.reservation_id for event in emitted(flow, seen.ReservationConfirmed, hall)] == [reservation]
    assert [event.reason for event in emitted(flow, seen.ReservationRejected, hall)] == ["NOT_APPROVED"]
    assert [event.user_id for event in emitted(flow, seen.WaitlistOffered, hall)] == ["u-9"]
    told = {event.template for event in emitted(flow, seen.NotificationRequested, hall)}
    assert told == {"RESERVATION_CONFIRMED", "RESERVATION_REJECTED", "WAITLIST_OFFERED"}


async def test_maintenance_is_scheduled(flow: Pipeline, cache: Caches) -> None:
    room = resource(flow)
    hit = reserve(flow, room)
    table = ("availability", "calendars", room)
    before = await read(cache, flow, "schedule", table, room, "2027-W09")
    assert [slot["kind"] for slot in before["slots"]] == ["RESERVATION"]

    job = MaintenanceScheduled(
        maintenance_id=f"mnt-{room}", resource_id=room, starts_at=NINE, ends_at=NINE + 2 * HOUR, reason="lamp"
    )
    flow.producer.publish(job)
    flow.wait_until_quiet()

    after = await read_new(cache, flow, "schedule", table, room, "2027-W09")
    assert sorted(slot["kind"] for slot in after["slots"]) == ["MAINTENANCE", "RESERVATION"]
    [conflict] = emitted(flow, seen.ScheduleConflictDetected, room)
    assert (conflict.reservation_id, conflict.conflicting_kind) == (hit, "MAINTENANCE")
    assert len(emitted(flow, seen.ScheduleBlocked, room)) == 1
    assert flow.row("reports", "downtime", room)["jobs"][f"mnt-{room}"][2] == "SCHEDULED"
    late = reserve(flow, room, start=NINE + HOUR)
    assert flow.row("availability", "reservations", late)["reason"] == "MAINTENANCE"


async def test_a_role_is_assigned(flow: Pipeline, cache: Caches) -> None:
    booking, approving = ("availability", "permissions", "u-flow-4"), ("stockpile", "permissions", "u-flow-4")
    assert await read(cache, flow, "user_permissions", booking, "u-flow-4") is None
    assert await read(cache, flow, "permissions", approving, "u-flow-4") is None

    names = ["booking:create", "approval:decide"]
    flow.producer.publish(
        RoleAssigned(user_id="u-flow-4", role="lab-manager", scope="labs", permissions=names, assigned_by="u-0")
    )
    flow.wait_until_quiet()

    [may_book] = (await read_new(cache, flow, "user_permissions", booking, "u-flow-4"))["grants"]
    [may_approve] = (await read_new(cache, flow, "permissions", approving, "u-flow-4"))["grants"]
    assert (may_book["permissions"], may_approve["permissions"]) == (["booking:create"], ["approval:decide"])
    assert [entry["type"] for entry in flow.row("reports", "audit", "u-flow-4")["entries"]] == ["auth.role.assigned"]


async def test_a_resource_is_deleted(flow: Pipeline, cache: Caches) -> None:
    room = resource(flow)
    planned = [reserve(flow, room, user=f"u-{hour}", start=NINE + hour * HOUR) for hour in range(2)]
    table = ("availability", "reservations", planned[0])
    assert (await read(cache, flow, "reservation", table, planned[0]))["state"] == "CONFIRMED"

    flow.producer.publish(ResourceDeleted(resource_id=room, reason="closed", deleted_by="u-0"), occurred_at=NINE - HOUR)
    flow.wait_until_quiet()

    assert (await read_new(cache, flow, "reservation", table, planned[0]))["state"] == "CANCELLED"
    cancelled = emitted(flow, seen.ReservationCancelled, room)
    assert [(event.reservation_id, event.reason) for event in cancelled] == [(one, "RESOURCE_DELETED") for one in planned]
    told = [
        event.user_id for event in emitted(flow, seen.NotificationRequested, room) if event.template == "RESERVATION_CANCELLED"
    ]
    assert told == ["u-0", "u-1"]
    assert flow.row("resources", "usage", room)["reserved"] == 0
    assert flow.row("reports", "downtime", room)["deleted"]

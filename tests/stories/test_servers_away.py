"""Servers go away in the middle and come back: nothing is lost, nothing is doubled, and workers say what they wait for."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from bookly.cache import Caches
from bookly.cache.values import Usage
from tests.pipeline import eventually
from tests.stories.university import NINE, reserve, resource

if TYPE_CHECKING:
    from tests.pipeline import Pipeline


async def test_redis_killed_in_the_middle_holds_nobody_up_and_nothing_stale_is_shown_after(
    flow: Pipeline,
) -> None:
    room = resource(flow)
    async with Caches(str(flow.stack.redis)) as caches:

        async def usage() -> Usage:
            return Usage.model_validate(flow.row("resources", "usage", room))

        async def reserved() -> int:
            shown = await caches.resources.usage.get_or_load(room, loader=usage)
            return shown.reserved if shown else 0

        reserve(flow, room)
        assert await reserved() == 1
        flow.stack.redis.kill()
        try:
            reserve(flow, room, start=NINE.replace(hour=12))
            assert await reserved() == 2
        finally:
            flow.stack.redis.start()
        reserve(flow, room, start=NINE.replace(hour=14))
        eventually(lambda: flow.workers["resources"].says("redis"), "the worker says that redis was away")

        deadline = time.monotonic() + 1.0
        while await reserved() != 3:
            assert time.monotonic() < deadline, "an old row is shown a second after Redis was back"
            await asyncio.sleep(0.01)


def test_the_registry_down_in_the_middle_holds_nobody_up_whose_schemas_are_known(flow: Pipeline) -> None:
    room = resource(flow)
    reserve(flow, room)
    flow.stack.registry.kill()
    try:
        reservation = reserve(flow, room, start=NINE.replace(hour=15))
        assert flow.row("availability", "reservations", reservation)["state"] == "CONFIRMED"
    finally:
        flow.stack.registry.start()


def test_a_worker_started_without_a_registry_waits_for_it_and_says_so(flow: Pipeline) -> None:
    worker = flow.workers["stockpile"]
    assert worker.stop() == 0
    flow.stack.registry.kill()
    try:
        worker.start()
        eventually(lambda: worker.says("registry away or not provisioned, waiting"), "the worker says what it waits for")
    finally:
        flow.stack.registry.start()
    room = resource(flow)
    assert flow.row("stockpile", "approvals", reserve(flow, room))["state"] == "GRANTED"


def test_a_worker_killed_in_the_middle_of_its_work_loses_and_doubles_nothing(flow: Pipeline) -> None:
    from bookly.events.availability import ReservationCreated  # noqa: PLC0415

    room = resource(flow)
    for number in range(600):
        start = NINE.replace(hour=8 + number % 10)
        wanted = ReservationCreated(
            reservation_id=f"res-{room}-{number}",
            resource_id=room,
            category_id="rooms",
            user_id="u-1",
            starts_at=start,
            ends_at=start.replace(minute=30),
            attendees=1,
        )
        flow.producer.enqueue(wanted)
        if number % 200 == 100:
            for domain in ("availability", "reports", "resources"):
                flow.workers[domain].kill()
                flow.workers[domain].start()
    flow.producer.flush()
    flow.wait_until_quiet(120)

    usage = flow.row("resources", "usage", room)
    assert (usage["created_total"], usage["reserved"]) == (600, 10)
    windows = [row for key, row in flow.table("reports", "demand").items() if key.startswith(f"{room}|")]
    assert [sum(window[kind] for window in windows) for kind in ("asked", "confirmed", "refused")] == [600, 10, 590]
    told = [event for event in flow.events("bookly.availability") if event.TYPE.endswith("notification.requested")]
    assert sum(event.resource_id == room for event in told) == 600  # type: ignore[attr-defined]

"""What a person does over the API, and what everybody sees of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.queries.group import eventually

if TYPE_CHECKING:
    from tests.integration.edge.client import Client
    from tests.integration.edge.whole import Whole

HOUR = {"starts_at": "2027-03-01T09:00:00Z", "ends_at": "2027-03-01T10:00:00Z", "attendees": 2}


async def until_it_is(client: Client, path: str, state: str) -> dict[str, Any]:
    """The reservation, when it is in this state."""

    async def read() -> Any:
        found = await client.get(path)
        return found.body if found.body.get("state") == state else None

    return dict(await eventually(read, f"{path} is {state}"))


async def test_a_reservation_is_seen_by_who_reads_and_by_who_watches_until_it_is_cancelled(whole: Whole) -> None:
    [room] = whole.rooms(1)
    async with (
        whole.client("story-ann") as ann,
        ann.socket("/ws/notifications") as told,
        ann.socket(f"/ws/demand?resource_id={room}") as watched,
    ):
        key = uuid4()
        first, again = [await ann.post("/reservations", {"resource_id": room, **HOUR}, key) for _ in range(2)]
        assert (first.status, again.status) == (202, 202)
        assert first.body["event_id"] == again.body["event_id"]
        link = first.body["links"]["reservation"]

        confirmed = (await told.next())["data"]
        assert (confirmed["template"], f"/reservations/{confirmed['reservation_id']}") == ("RESERVATION_CONFIRMED", link)
        assert (await watched.next())["data"]["resource_id"] == room
        assert (await until_it_is(ann, link, "CONFIRMED"))["user_id"] == "story-ann"

        whole.pipeline.wait_until_quiet()
        assert (await ann.get(f"/resources/{room}/usage")).body["created_total"] == 1, "sent twice, it is one"
        mine = (await ann.get("/users/story-ann/reservations")).body["items"]
        assert [item["reservation_id"] for item in mine] == [confirmed["reservation_id"]]
        assert len((await ann.get(f"/resources/{room}/days/2027-03-01")).body["slots"]) == 1

        assert (await ann.post(f"{link}/cancellation")).status == 202
        await until_it_is(ann, link, "CANCELLED")
        while (await watched.next())["data"]["cancelled"] == 0:
            continue
        whole.pipeline.wait_until_quiet()
        assert (await ann.get(f"/resources/{room}/days/2027-03-01")).body["slots"] == []


async def test_an_api_that_is_told_to_end_says_so_to_every_socket_and_ends_with_0(whole: Whole) -> None:
    async with (
        whole.client("story-bob") as bob,
        bob.socket("/ws/notifications") as told,
        bob.socket("/ws/demand") as watched,
    ):
        assert whole.api.end() == 0
        for socket in (told, watched):
            with pytest.raises(ConnectionClosed) as closed:
                await socket.next()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason[:25]) == (1012, "This process is ending: c")
    whole.api.start()

"""A worker dies while the API is read: who asks is told what is true, or to come again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.integration.queries.group import eventually

if TYPE_CHECKING:
    from tests.integration.edge.client import Client, Seen
    from tests.integration.edge.whole import Whole

READERS = 4


class Watch:
    """Reads rooms in turn, and keeps what it is told. What Redis does not have comes from the rooms' owner."""

    def __init__(self, client: Client, rooms: list[str]) -> None:
        self._client, self._rooms = client, rooms
        self.seen: dict[str, list[Seen]] = {room: [] for room in rooms}
        self.over = False

    async def read_on(self) -> None:
        while not self.over:
            for room in self._rooms:
                self.seen[room].append(await self._client.look(f"/resources/{room}"))

    def is_refused(self) -> bool:
        return any(seen.status == 503 for told in self.seen.values() for seen in told)

    def has_read(self, name: str) -> bool:
        return all(self._names(room)[-1:] == [name] for room in self._rooms)

    def only_truth_was_told(self) -> None:
        for told in self.seen.values():
            assert {seen.status for seen in told} <= {200, 503}
            assert all(seen.retry_after for seen in told if seen.status == 503)
        for room in self._rooms:
            names = self._names(room)
            assert set(names) <= {"new", "changed"}
            assert names == sorted(names, reverse=True), "never what was, after what is"

    def _names(self, room: str) -> list[str]:
        return [seen.body["name"] for seen in self.seen[room] if seen.status == 200]


async def test_while_a_worker_is_dead_every_answer_is_true_or_says_to_come_again(whole: Whole) -> None:
    known, unknown = whole.rooms(5), whole.rooms(40)
    worker = whole.pipeline.workers["resources"]
    async with whole.client("reader") as client:
        for room in known:
            assert (await client.get(f"/resources/{room}")).body["name"] == "new"
        watches = [Watch(client, known), *(Watch(client, unknown[part::READERS]) for part in range(READERS))]

        async def all_are_refused() -> bool:
            for watch in watches:
                watch.only_truth_was_told()
            return all(watch.is_refused() for watch in watches[1:])

        async def all_have_read_what_is_new() -> bool:
            return all(watch.has_read("changed") for watch in watches)

        worker.kill()
        reading = asyncio.gather(*(watch.read_on() for watch in watches))
        try:
            await eventually(all_are_refused, "nobody answers for the dead one")
        finally:
            worker.start()
        await asyncio.to_thread(whole.change, [*known, *unknown], "changed", 1)
        await eventually(all_have_read_what_is_new, "everybody reads what has changed")
        for watch in watches:
            watch.over = True
        await reading
    for watch in watches:
        watch.only_truth_was_told()

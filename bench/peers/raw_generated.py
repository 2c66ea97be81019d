"""The yardstick's loop with our generated decoder, compiled where it was compiled: what is left is fetching and sending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.peers.raw import fold
from bench.peers.stopwatch import PREFIX, Task
from bookly.records.availability import decode_reservation_created_v2

if TYPE_CHECKING:
    from collections.abc import Callable


def generated() -> Callable[[bytes], tuple[str, int]]:
    read = decode_reservation_created_v2

    def decode(value: bytes) -> tuple[str, int]:
        event = read(value, PREFIX)
        return event.resource_id, event.metadata.occurred_at

    return decode


if __name__ == "__main__":
    fold(Task.given(), generated())

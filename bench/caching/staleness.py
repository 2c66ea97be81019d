"""How long readers are shown the old version of what has changed, and whether they ever are once it was made stale.

Each reservation is moved again and again by events through the whole pipeline. The next move of one waits until its tag has
moved for the one before, so the number of a tag's movements is the version that readers must be given from then on.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from redis import Redis

from bench.caching.reading import room_of
from bench.samples import percentile
from bookly.cache.types import RESERVATION
from bookly.events.availability import ReservationCreated, ReservationUpdated
from bookly.events.resources import ResourceCreated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bookly import BlockingProducer

LOOK_S = 0.001
PATIENCE_S = 30.0
BEGIN = datetime(2030, 1, 7, 8, tzinfo=UTC)


class Move(NamedTuple):
    """`published_at`: just before the event was handed to the producer; `stale_at`: its tag was seen to have moved."""

    reservation: int
    version: int
    published_at: float
    stale_at: float


class Mover:
    """Moves reservations by turns, each as soon as its last move has made its entries stale and `pause` (seconds) is over."""

    def __init__(self, producer: BlockingProducer, redis: str, reservations: Sequence[str]) -> None:
        self._producer, self._redis, self._reservations = producer, Redis.from_url(redis), reservations
        self._tags = [RESERVATION.tag(reservation) for reservation in reservations]
        self._versions = [1] * len(reservations)
        self.moves: list[Move] = []

    def furnish(self) -> None:
        """A room for each reservation."""
        for reservation in self._reservations:
            room = room_of(reservation)
            self._producer.publish(
                ResourceCreated(resource_id=room, name=room, category_id="rooms", capacity=10, max_minutes=60, location="bench")
            )

    def place(self) -> None:
        for reservation in self._reservations:
            self._producer.publish(
                ReservationCreated(
                    reservation_id=reservation,
                    resource_id=room_of(reservation),
                    category_id="rooms",
                    user_id="ann",
                    starts_at=BEGIN,
                    ends_at=BEGIN + timedelta(hours=1),
                    attendees=1,
                )
            )

    def run(self, seconds: float, pause: float) -> None:
        """Raises TimeoutError when a move makes nothing stale for PATIENCE_S."""
        ends, due = time.monotonic() + seconds, dict.fromkeys(range(len(self._tags)), 0.0)
        before = self._generations()
        under_way: dict[int, float] = {}
        while (now := time.monotonic()) < ends or under_way:
            for number, generation in enumerate(self._generations()):
                if number in under_way and generation != before[number]:
                    self._moved(number, under_way.pop(number))
                    before[number], due[number] = generation, now + pause
                elif number not in under_way and now < ends and due[number] <= now and generation is not None:
                    before[number], under_way[number] = generation, self._move(number)
            if any(now - at > PATIENCE_S for at in under_way.values()):
                raise TimeoutError(f"a reservation was moved and nothing went stale for {PATIENCE_S:.0f} s")
            time.sleep(LOOK_S)

    def _move(self, number: int) -> float:
        starts_at = BEGIN + timedelta(hours=self._versions[number] % 1_000)
        reservation, at = self._reservations[number], time.monotonic()
        self._producer.enqueue(
            ReservationUpdated(
                reservation_id=reservation,
                resource_id=room_of(reservation),
                user_id="ann",
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=1),
                attendees=1,
            )
        )
        return at

    def _moved(self, number: int, published_at: float) -> None:
        self._versions[number] += 1
        self.moves.append(Move(number, self._versions[number], published_at, time.monotonic()))

    def _generations(self) -> list[Any]:
        return list(self._redis.mget(self._tags))


def broken(found: Mapping[str, Any]) -> list[str]:
    """What figures say against the caches' promises, a sentence each."""
    wrong, loads = found["stale_reads_after_invalidation"], found["loader_calls_per_stampede"]
    return [
        *([f"{wrong:,} reads were given what had been made stale before"] if wrong else ()),
        *([f"a stampede loaded {loads:,} times, not once"] if loads != 1 else ()),
    ]


def judged(moves: Iterable[Move], reads: Iterable[tuple[int, float, int]]) -> Mapping[str, float]:
    """What readers saw of the moves. Raises ValueError when nothing was read."""
    by_reservation: dict[int, list[tuple[float, int]]] = {}
    for reservation, began, version in reads:
        by_reservation.setdefault(reservation, []).append((began, version))
    shown, wrong = [], 0
    for move in moves:
        old = [began for began, version in by_reservation[move.reservation] if version < move.version]
        shown.append(max(0.0, max(old, default=0.0) - move.published_at))
        wrong += sum(began > move.stale_at for began in old)
    return {
        "staleness_p50_ms": round(1e3 * percentile(shown, 0.5), 1),
        "staleness_p99_ms": round(1e3 * percentile(shown, 0.99), 1),
        "staleness_max_ms": round(1e3 * max(shown), 1),
        "stale_reads_after_invalidation": wrong,
    }

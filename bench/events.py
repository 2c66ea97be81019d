"""The fold's input: reservations of 2,000 resources over 3.5 hours, the same bytes for the same seed."""

from __future__ import annotations

import random
import struct
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from bookly.records import ENCODERS, Metadata
from bookly.records.availability import ReservationCreated

if TYPE_CHECKING:
    from collections.abc import Iterator

RESOURCES = 2000
FIRST = datetime(2026, 3, 2, 8, tzinfo=UTC)
SPAN_US = 12_600_000_000  # 3.5 hours
DAY_US = 86_400_000_000


class Made(NamedTuple):
    """A record of the input; its time in milliseconds."""

    resource_id: str
    value: bytes
    at: int


def events(number: int, schema_id: int, seed: int) -> Iterator[Made]:
    """In the order of their times."""
    rng, prefix, encode = random.Random(seed), struct.pack(">bI", 0, schema_id), ENCODERS[ReservationCreated]  # noqa: S311  # of no secret
    first = int(FIRST.timestamp() * 1_000_000)
    for index in range(number):
        at, resource_id = first + index * SPAN_US // number, f"room-{rng.randrange(RESOURCES):05d}"
        begin, own_id, user = at + DAY_US, _uuid(rng), f"u-{rng.randrange(50_000):06d}"
        event = ReservationCreated(
            reservation_id=f"res-{index:09d}",
            resource_id=resource_id,
            category_id="seminar-rooms",
            user_id=user,
            starts_at=begin,
            ends_at=begin + SPAN_US // 4,
            attendees=rng.randrange(2, 200),
            purpose="lecture" if index % 2 else None,
            metadata=Metadata(own_id, ReservationCreated.TYPE, "booking-web", at, own_id, ReservationCreated.VERSION, actor=user),
        )
        yield Made(resource_id, prefix + encode(event), at // 1000)


def _uuid(rng: random.Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

"""The fold's input."""

from __future__ import annotations

import pytest

from bench.events import RESOURCES, events
from bookly.records.availability import decode_reservation_created_v2

NUMBER = 20_000


def test_the_same_seed_is_the_same_bytes_and_another_is_not() -> None:
    assert list(events(100, 7, seed=1)) == list(events(100, 7, seed=1))
    assert list(events(100, 7, seed=1)) != list(events(100, 7, seed=2))


def test_a_value_is_the_wire_format_and_our_event() -> None:
    made = next(events(10, 258, seed=1))
    assert made.value[:5] == b"\x00\x00\x00\x01\x02"
    event = decode_reservation_created_v2(made.value, 5)
    assert (event.resource_id, event.metadata.occurred_at // 1000) == (made.resource_id, made.at)


@pytest.mark.parametrize("number", [NUMBER, NUMBER * 2])
def test_however_few_events_there_are_they_span_all_resources_and_the_same_hours(number: int) -> None:
    made = list(events(number, 1, seed=7))
    assert len({one.resource_id for one in made}) == RESOURCES
    assert (made[-1].at - made[0].at) / 3_600_000 == pytest.approx(3.5, abs=0.01)
    assert [one.at for one in made] == sorted(one.at for one in made)

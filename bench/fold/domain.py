"""The fold as a domain: two handlers, two tables, two cache entries stale. Run by the engine that the five domains use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from agents.domain import Domain
from agents.state import State, Table
from bookly.cache.stale import Reach, Stale
from bookly.cache.types import TYPES
from bookly.events import EventType
from bookly.records.availability import ReservationCreated

if TYPE_CHECKING:
    from collections.abc import Mapping

HOUR = 3_600_000_000  # microseconds


class Count(Struct, frozen=True, gc=False):
    """How many reservations were asked for."""

    count: int = 0


class FoldState(State):
    by_resource = Table("by_resource", Count)
    by_hour = Table("by_hour", Count)


def count_by_resource(event: ReservationCreated, state: FoldState) -> None:
    """One more reservation asked for on this resource."""
    row = state.by_resource.get(event.resource_id)
    state.by_resource[event.resource_id] = Count(1 if row is None else row.count + 1)


def count_by_hour(event: ReservationCreated, state: FoldState) -> None:
    """One more in the hour in which it was asked for."""
    at = event.metadata.occurred_at
    key = f"{event.resource_id}|{at - at % HOUR}"
    row = state.by_hour.get(key)
    state.by_hour[key] = Count(1 if row is None else row.count + 1)


FOLD: Final = Domain.of("fold", FoldState, (count_by_resource, count_by_hour))

STALE: Final[Mapping[tuple[str, EventType], tuple[Stale, ...]]] = {
    ("fold", EventType.RESERVATION_CREATED): (
        Stale(TYPES["resource"], Reach.GRANULAR, ("resource_id",)),
        Stale(TYPES["usage"], Reach.GRANULAR, ("resource_id",)),
    )
}

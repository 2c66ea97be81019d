"""The envelope: what the factory fills in, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest

from bookly import EventPayload, EventType, Metadata
from bookly.errors import InvalidEvent
from bookly.events.auth import UserRegistered
from bookly.events.availability import ReservationCancelled, ReservationCreated
from bookly.records.sealing import new_id
from tests.integration.sdk.worlds import reservation

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_the_factory_fills_type_version_source_and_a_new_id() -> None:
    payload = EventPayload.of(reservation(), source="booking-web", actor="u-1")
    metadata = payload.metadata
    assert (metadata.type, metadata.version) == (EventType.RESERVATION_CREATED, 2)
    assert (metadata.source, metadata.actor) == ("booking-web", "u-1")
    assert metadata.event_id.version == 4
    assert metadata.occurred_at.tzinfo is UTC
    assert abs(metadata.occurred_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_an_event_without_a_cause_begins_a_chain() -> None:
    metadata = EventPayload.of(reservation(), source="desk").metadata
    assert metadata.correlation_id == metadata.event_id
    assert metadata.causation_id is None


def test_correlation_and_actor_pass_on_and_the_cause_is_named() -> None:
    first = EventPayload.of(reservation(), source="desk", correlation_id=uuid4(), actor="u-1")
    second = EventPayload.of(reservation(), source="desk", cause=first)
    third = EventPayload.of(reservation(), source="desk", cause=second, actor="u-2")
    assert {payload.metadata.correlation_id for payload in (first, second, third)} == {first.metadata.correlation_id}
    assert third.metadata.causation_id == second.metadata.event_id
    assert (second.metadata.actor, third.metadata.actor) == ("u-1", "u-2")


def test_times_are_kept_in_utc() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    payload = EventPayload.of(reservation(), source="desk", occurred_at=elsewhere)
    assert (payload.metadata.occurred_at, payload.metadata.occurred_at.tzinfo) == (NOON, UTC)


@pytest.mark.parametrize(
    ("circumstance", "field"),
    [
        ({"occurred_at": NOON.replace(tzinfo=None)}, "metadata.occurred_at"),
        ({"event_id": "no-uuid"}, "metadata.event_id"),
        ({"correlation_id": 7}, "metadata.correlation_id"),
        ({"actor": 7}, "metadata.actor"),
        ({"source": ""}, "metadata.source"),
    ],
)
def test_a_wrong_circumstance_is_named_with_its_event(circumstance: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidEvent) as refused:
        EventPayload.of(reservation(), **{"source": "desk", **circumstance})  # type: ignore[arg-type]  # wrong on purpose
    assert (refused.value.event, refused.value.field) == ("ReservationCreated", field)


def test_a_payload_whose_metadata_speaks_of_another_event_is_refused() -> None:
    metadata = EventPayload.of(reservation(), source="desk").metadata
    cancelled = Metadata(**{**dict(metadata), "type": EventType.RESERVATION_CANCELLED.value})
    older = Metadata(**{**dict(metadata), "version": 1})
    with pytest.raises(InvalidEvent, match=r"metadata\.type: is availability\.reservation\.cancelled"):
        EventPayload(metadata=cancelled, data=reservation())
    with pytest.raises(InvalidEvent, match=r"metadata\.version: is 1, this SDK writes 2"):
        EventPayload(metadata=older, data=reservation())


def test_a_payload_survives_json_when_its_type_is_named() -> None:
    payload = EventPayload.of(reservation(), source="desk")
    again = EventPayload[ReservationCreated].model_validate_json(payload.model_dump_json())
    assert (again.metadata, again.data) == (payload.metadata, payload.data)


def test_payload_metadata_and_data_are_frozen() -> None:
    payload = EventPayload.of(reservation(), source="desk")
    for value, field in ((payload, "data"), (payload.metadata, "source"), (payload.data, "attendees")):
        with pytest.raises(InvalidEvent, match=f"field {field}: is frozen"):
            setattr(value, field, None)


def test_no_way_leads_around_validation() -> None:
    valid = reservation()
    with pytest.raises(InvalidEvent, match="field attendees"):
        valid.model_copy(update={"attendees": "many"})
    with pytest.raises(InvalidEvent, match="field resource_id"):
        ReservationCreated.model_construct(reservation_id="res-1")  # type: ignore[call-arg]
    with pytest.raises(InvalidEvent, match="ReservationCancelled is invalid"):
        ReservationCancelled.model_validate({})


def test_an_error_never_quotes_a_value() -> None:
    with pytest.raises(InvalidEvent) as refused:
        UserRegistered(user_id="u-1", email=["ada@example.org"], full_name=3, ip="203.0.113.7")  # type: ignore[call-arg]
    text = repr(refused.value) + str(refused.value)
    assert "email" in text
    assert "ada@" not in text
    assert "203.0.113.7" not in text
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_ids_are_uuids_of_version_4_and_never_repeat() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all((UUID(one).version, str(UUID(one))) == (4, one) for one in ids)

"""What travels: an event's data, and the metadata that says what it is, whence it came and what caused it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypedDict, TypeVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, SerializeAsAny

from bookly._event import Event, Validated
from bookly.contract import contract_of, sealing
from bookly.errors import InvalidEvent

if TYPE_CHECKING:
    E = TypeVar("E", bound=Event)

T = TypeVar("T", bound=Event)


def _in_utc(time: datetime) -> datetime:
    try:
        return time if time.tzinfo is UTC else time.astimezone(UTC)
    except OverflowError:
        raise ValueError("it is outside the years 1 to 9999 in UTC") from None


class Metadata(Validated):
    """The envelope of an event: the same eight fields for all of them. A time without its zone is refused."""

    event_id: UUID
    type: str
    source: Annotated[str, Field(min_length=1)]
    occurred_at: Annotated[AwareDatetime, AfterValidator(_in_utc)]
    correlation_id: UUID
    causation_id: UUID | None = None
    version: Annotated[int, Field(ge=1)]
    actor: str | None = None


class Circumstances(TypedDict, total=False):
    """What a caller may say about an event beyond its data; EventPayload.of says what holds otherwise."""

    occurred_at: datetime | None
    correlation_id: UUID | str | None
    cause: EventPayload[Any] | None
    actor: str | None
    event_id: UUID | str | None


class EventPayload(Validated, Generic[T]):
    """One event as it is published: metadata and data, both frozen."""

    metadata: Metadata
    data: SerializeAsAny[T]

    def __init__(self, /, **fields: Any) -> None:
        super().__init__(**fields)
        contract, metadata = contract_of(type(self.data)), self.metadata
        if metadata.type != contract.type:
            raise InvalidEvent(contract.name, "metadata.type", f"is {metadata.type}, but the data is of {contract.type}")
        if metadata.version != contract.version:
            raise InvalidEvent(contract.name, "metadata.version", f"is {metadata.version}, this SDK writes {contract.version}")

    @classmethod
    def of(
        cls,
        data: E,
        *,
        source: str,
        occurred_at: datetime | None = None,
        correlation_id: UUID | str | None = None,
        cause: EventPayload[Any] | None = None,
        actor: str | None = None,
        event_id: UUID | str | None = None,
    ) -> EventPayload[E]:
        """The event with its metadata filled: type and version from the contract, a new id and the present time unless given.

        What caused it gives its id as causation, and passes on its correlation and its actor. An event without a cause begins
        a chain: its own id is the correlation. Raises InvalidEvent.
        """
        if isinstance(data, type):
            raise InvalidEvent(data.__name__, "", "is a class: publish an object of it")
        contract = contract_of(type(data))
        if not isinstance(cause, EventPayload | None):
            raise InvalidEvent(contract.name, "cause", "is no EventPayload: make one of it by EventPayload.of")
        before = None if cause is None else cause.metadata
        own_id = sealing().new_id() if event_id is None else event_id
        correlation = (before.correlation_id if before else own_id) if correlation_id is None else correlation_id
        try:
            metadata = Metadata(
                event_id=own_id,
                type=contract.type,
                source=source,
                occurred_at=datetime.now(UTC) if occurred_at is None else occurred_at,
                correlation_id=correlation,
                causation_id=before.event_id if before else None,
                version=contract.version,
                actor=before.actor if actor is None and before else actor,
            )
        except InvalidEvent as error:
            raise InvalidEvent(contract.name, f"metadata.{error.field}", error.reason) from None
        return EventPayload(metadata=metadata, data=data)

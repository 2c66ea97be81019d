"""What all shapes share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def shown(**example: Any) -> ConfigDict:
    """The configuration of a shape, with an example of it."""
    return ConfigDict(frozen=True, from_attributes=True, json_schema_extra={"examples": [example]})


def sent(**example: Any) -> ConfigDict:
    """The same for what is sent to us: a field that we do not know is refused, not passed over."""
    return ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, json_schema_extra={"examples": [example]})


def _plausible(time: datetime) -> datetime:
    if not FIRST <= time <= LAST:
        raise ValueError(f"it is outside of {FIRST:%Y} to {LAST:%Y}")
    return time.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_plausible)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^/\x00-\x1f\x7f]+$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


Time = Annotated[datetime, BeforeValidator(lambda value: moment(value) if isinstance(value, int) else value)]


class Versioned(BaseModel):
    """From the owner each time, and says how new it is: of each topic that it follows from, the offset that was applied."""

    version: dict[str, int] = Field(default_factory=dict, description="Offset by topic: of two answers the higher is the newer.")


class Slot(BaseModel):
    """A half-open interval."""

    model_config = shown(starts_at="2026-11-25T09:00:00Z", ends_at="2026-11-25T10:30:00Z", kind="RESERVATION")

    starts_at: Time
    ends_at: Time
    kind: str = Field(description="What holds it: RESERVATION, OFFER or MAINTENANCE.")


def moment(micros: int) -> datetime:
    """Tables hold microseconds since 1970."""
    return datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)

"""Base of the generated event classes: a wrong event is refused where it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from bookly.errors import InvalidEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Validated(BaseModel):
    """A value that is validated where it is built, and cannot change afterwards.

    Raises InvalidEvent, which names the fields and why they are wrong. It never quotes a value: some are personal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def __init__(self, /, **data: Any) -> None:
        try:
            self.__pydantic_validator__.validate_python(data, self_instance=self)  # what BaseModel does, a third faster
        except ValidationError as error:
            raise invalid(type(self).__name__, error) from None  # its own text would quote the values

    @classmethod
    def model_validate(cls, *args: Any, **options: Any) -> Self:
        """Raises InvalidEvent, as building does."""
        return cls._built_by(super().model_validate, *args, **options)

    @classmethod
    def model_validate_json(cls, *args: Any, **options: Any) -> Self:
        """Raises InvalidEvent, as building does."""
        return cls._built_by(super().model_validate_json, *args, **options)

    @classmethod
    def _built_by(cls, validate: Callable[..., Self], *args: Any, **options: Any) -> Self:
        try:
            return validate(*args, **options)
        except ValidationError as error:
            raise invalid(cls.__name__, error) from None

    def __setattr__(self, name: str, value: object) -> None:
        raise InvalidEvent(type(self).__name__, name, "is frozen: make another event, by model_copy(update=...)")

    def __delattr__(self, name: str) -> None:
        raise InvalidEvent(type(self).__name__, name, "is frozen: make another event, by model_copy(update=...)")

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:  # type: ignore[override]  # typed per class
        """Validates as well: no event exists that was not validated."""
        return cls(**values)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:  # noqa: ARG002  # its values are immutable
        """A copy with some fields changed, validated like any other event."""
        return type(self)(**{**self.__dict__, **(update or {})})


class Event(Validated):
    """The data of one event, as its contract has it."""


def invalid(name: str, error: ValidationError) -> InvalidEvent:
    """The first fault as the error's field, all the others in its reason."""
    faults = [(".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors(include_input=False, include_url=False)]
    (field, reason), *others = faults
    also = "".join(f"; {other}: {why}" for other, why in others)
    return InvalidEvent(name, field, reason + also)

"""What all light records have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from bookly.records.envelope import Metadata


class Record(Protocol):
    """One event as handlers see it: its data as attributes, and its metadata."""

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]
    KEY_FIELD: ClassVar[str]
    VERSION: ClassVar[int]
    FIELDS: ClassVar[tuple[str, ...]]
    metadata: Metadata


def fields(record: Record | Metadata) -> dict[str, Any]:
    """The data of a record, or a metadata, as a dictionary in the order of the wire."""
    return {name: getattr(record, name) for name in record.FIELDS}

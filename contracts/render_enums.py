"""The tables of a module's enums: from an index on the wire to its symbol, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from contracts.fields import Field
    from contracts.schemas import Schema


class Enums:
    """Hands out the names of tables while functions are rendered; `render` then gives the tables that were asked for."""

    def __init__(self, types: Mapping[str, Schema]) -> None:
        self._types = types
        self._read: dict[tuple[str, tuple[str, ...]], str] = {}
        self._written: dict[str, str] = {}

    def symbols(self, field: Field) -> str:
        """The table that reads this enum, as the version at hand wrote it."""
        place = field.enum, field.symbols
        if place not in self._read:
            older = sum(enum == field.enum for enum, _ in self._read)
            self._read[place] = f"SYMBOLS_OF_{_name(field.enum)}" + (f"_{older}" if older else "")
        return self._read[place]

    def indexes(self, field: Field) -> str:
        """The table that writes this enum, as it is now."""
        return self._written.setdefault(field.enum, f"INDEX_IN_{_name(field.enum)}")

    def render(self) -> Iterator[str]:
        """A symbol that the enum no longer has reads as its default: so Avro resolves it."""
        for (enum, symbols), table in self._read.items():
            now = self._types[enum]
            read = {2 * index: symbol if symbol in now["symbols"] else now["default"] for index, symbol in enumerate(symbols)}
            yield f"{table}: Final[dict[int, str]] = {read!r}"
        for enum, table in self._written.items():
            written = {symbol: bytes([2 * index]) for index, symbol in enumerate(self._types[enum]["symbols"])}
            yield f"{table}: Final[dict[str, bytes]] = {written!r}"


def _name(enum: str) -> str:
    return enum.rpartition(".")[2].upper()

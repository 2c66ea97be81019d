"""Rows of a partition by the values of their fields, as of the last commit."""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from agents.engine.partition import Partition
    from agents.state import Table


class Unanswerable(Exception):
    """The question names a field that rows do not have, or a value that it cannot have."""


class Selected(NamedTuple):
    """`more`: whether there are rows that match beside these."""

    rows: dict[str, Any]
    more: bool


def select(partition: Partition, table: Table[Any], where: Mapping[str, str], limit: int) -> Selected:
    """The first `limit` committed rows by key whose fields have these values. Raises Unanswerable.

    A field that the table has an index for is looked up; others cost a look at every row.
    """
    wanted = {field: _value(table, field, text) for field, text in where.items()}
    candidates, more = _candidates(partition, table, where)
    matching = (item for item in candidates if all(getattr(item[1], field) == value for field, value in wanted.items()))
    found = nsmallest(limit + 1, matching, key=lambda item: item[0])
    return Selected(dict(found[:limit]), more or len(found) > limit)


def _candidates(partition: Partition, table: Table[Any], where: Mapping[str, str]) -> tuple[Iterable[tuple[str, Any]], bool]:
    """Rows that may match, and whether an index has left older ones out."""
    rows = partition.committed[table.name]
    for field, index in table.indexes.items():
        if field in where:
            latest = partition.committed[index].get(where[field])
            if latest is None:
                return (), False
            return [(key, row) for key in latest.keys if (row := rows.get(key)) is not None], latest.older > 0
    return rows.items(), False


def _value(table: Table[Any], field: str, text: str) -> Any:
    kinds = {each.name: each.type for each in msgspec.structs.fields(table.row)}
    if field not in kinds:
        raise Unanswerable(f"rows of {table.name} have no field {field!r}; they have {', '.join(kinds)}")
    try:
        return msgspec.convert(text, kinds[field], strict=False)
    except msgspec.ValidationError as error:
        raise Unanswerable(f"{field} of {table.name} is never {text!r}: {error}") from None

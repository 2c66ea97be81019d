"""A report as a table: for a person, a script, a spreadsheet or a data frame. All four have the same columns and rows."""

from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from api.reports.question import ENTITIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.reports.grouping import Report

FRACTIONS: Final = ("utilisation", "lead_hours", "approval_hours")
REASONS: Final = "refused_by"
AT_ONCE: Final = 10_000  # rows that are held as objects
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run it


def rows(report: Report) -> Iterator[dict[str, Any]]:
    """A group each: the names that it was grouped by, then its figures, and `refused_by` as an object."""
    for group in report.groups:
        yield {**group.names, **group.figures.told()}


def columns(report: Report) -> tuple[str, ...]:
    """Their names, also where there is no row."""
    return (*report.question.by, *report.total.told())


def as_csv(report: Report) -> str:
    """RFC 4180 with a heading, `refused_by` as JSON, nothing where there is no figure. No cell is taken for a formula."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(columns(report))
    for row in rows(report):
        writer.writerow([_cell(value) for value in row.values()])
    return text.getvalue()


def as_parquet(report: Report) -> bytes:
    """The schema is the same whatever the rows are: names are text or int32, figures int64 or double, reasons a map."""
    import pyarrow as pa  # noqa: PLC0415  # 55 MB that the other formats need not load
    from pyarrow import parquet  # noqa: PLC0415

    kinds = {name: pa.string() if name in ENTITIES or name == "day" else pa.int32() for name in report.question.by}
    kinds |= {name: pa.float64() if name in FRACTIONS else pa.int64() for name in report.total.told()}
    kinds[REASONS] = pa.map_(pa.string(), pa.int64())
    schema, file = pa.schema(list(kinds.items())), BytesIO()
    found = ({**row, REASONS: list(row[REASONS].items())} for row in rows(report))
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while some := list(islice(found, AT_ONCE)):
            writer.write_table(pa.Table.from_pylist(some, schema=schema))
    return file.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else str(value)

"""A report as a table: the same columns whatever is in it, and nothing that a spreadsheet would run."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pyarrow import parquet

from api.reports.exporting import as_csv, as_parquet
from api.reports.grouping import Counting, Report, report
from api.reports.question import Question
from api.reports.world import World

BEGIN = 1_764_061_200_000_000


def of(rows: dict[str, Any]) -> Report:
    question = Question(BEGIN, BEGIN + 3_600_000_000, ("resource", "hour"))
    counting = Counting(question, World())
    for name, row in rows.items():
        counting.add(f"{name}|{BEGIN}", row)
    return report(question, [counting], World())


def test_a_table_without_rows_has_the_same_columns() -> None:
    full = of({"room-1": {"asked": 1, "refused_by": {"CONFLICT": 2}}})
    assert as_csv(of({})).splitlines() == as_csv(full).splitlines()[:1]
    schemas = [parquet.read_schema(io.BytesIO(as_parquet(each))) for each in (of({}), full)]
    assert schemas[0] == schemas[1]


@pytest.mark.parametrize("name", ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_name_is_run_by_a_spreadsheet(name: str) -> None:
    csv_ = as_csv(of({name: {"asked": 1}}))
    assert csv_.splitlines()[1].lstrip('"').startswith("'")
    [row] = parquet.read_table(io.BytesIO(as_parquet(of({name: {"asked": 1}})))).to_pylist()
    assert row["resource"] == name, "a data frame runs nothing"

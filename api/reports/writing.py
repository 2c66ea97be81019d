"""A report on stdout or into a file."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from api.reports.exporting import as_csv, as_parquet, rows
from api.showing import show

if TYPE_CHECKING:
    from pathlib import Path

    from api.reports.grouping import Report

SHOWN = ("asked", "granted", "refused", "unmet", "waitlisted", "used", "no_show")  # what fits 80 columns


class NotWritten(Exception):
    """The file cannot be written, or stdout takes no bytes."""


def written(report: Report, format_: str, output: Path | None) -> None:
    """`format_`: table, json, csv or parquet. Raises NotWritten."""
    if format_ == "table" and output is None:
        show("demand", (_short(row) for row in rows(report)), as_json=False)
        return
    if format_ == "table":
        raise NotWritten("a table is for people: give --format json, csv or parquet with -o.")
    content = _content(report, format_)
    if output is not None:
        _write(output, content)
    elif format_ == "parquet" and sys.stdout.isatty():
        raise NotWritten("Parquet is not for a terminal: name a file with -o.")
    else:
        sys.stdout.buffer.write(content)


def _content(report: Report, format_: str) -> bytes:
    if format_ == "parquet":
        return as_parquet(report)
    if format_ == "csv":
        return as_csv(report).encode()
    return "".join(json.dumps(row) + "\n" for row in rows(report)).encode()


def _short(row: dict[str, Any]) -> dict[str, Any]:
    names = {name: value for name, value in row.items() if name in {"resource", "category", "day", "weekday", "hour"}}
    used = row["utilisation"]
    return {**{name: str(value) for name, value in names.items()}, **{name: row[name] for name in SHOWN}} | {
        "in use": "" if used is None else f"{used:.0%}"
    }


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise NotWritten(f"{path} cannot be written ({error.strerror}).") from None

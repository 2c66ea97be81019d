"""Rows for a person, within 80 columns, or for a script, as JSON lines."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDE = 1_000
HEADINGS = {  # broken where they are longer than their figures
    "partition": "par-\ntition",
    "confirmed": "con-\nfirmed",
    "cancelled": "can-\ncelled",
    "waitlisted": "wait-\nlisted",
    "no_show": "no\nshow",
}


def printable(text: str) -> str:
    """What would steer a terminal, or is no text at all, as its escape: records are written by anybody."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in text)


def as_text(argument: str) -> str:
    """An argument of a command, whose bytes may be no UTF-8: they are told as such."""
    return argument.encode(errors="surrogateescape").decode(errors="backslashreplace")


def show(title: str, rows: Iterable[dict[str, Any]], *, as_json: bool) -> None:
    """Print them as they are: long names are folded, never cut, and `[b]` or `:door:` in one means nothing."""
    if as_json:
        for row in rows:
            sys.stdout.write(json.dumps(row) + "\n")
        return
    shown = None
    for row in rows:
        if shown is None:
            shown = Table(title=title, box=None, padding=(0, 1, 0, 0), header_style="bold underline")
            for column, value in row.items():
                is_figure = isinstance(value, int)
                shown.add_column(
                    HEADINGS.get(column, column), justify="right" if is_figure else "left", no_wrap=is_figure, overflow="fold"
                )
        shown.add_row(*(Text(f"{value:,}" if isinstance(value, int) else printable(str(value))) for value in row.values()))
    # a pipe has no width, and names that are folded are not found by who reads it
    wide = None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDE
    Console(width=wide).print(shown or f"{title}: nothing yet")

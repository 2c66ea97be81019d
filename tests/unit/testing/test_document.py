"""docs/testing.md shows what runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from bookly.testing import given
from tests.integration.engine.domain import BROKEN, DOMAIN
from tests.unit.facts import asked

PAGE = Path(__file__).resolve().parents[3] / "docs" / "testing.md"
SHOWN, ON_FAILURE = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_test_that_it_shows_passes_and_takes_ten_lines() -> None:
    names: dict[str, Any] = {}
    exec(SHOWN, names)  # noqa: S102  # our own page
    names["test_a_cancelled_reservation_is_no_longer_counted"]()
    lines = [line for line in SHOWN.splitlines() if line]
    assert len(lines) <= 10


def test_what_it_shows_of_failures_runs() -> None:
    bad, later = asked("r-1", 9, 10, BROKEN), asked("r-2", 9, 10)
    names: dict[str, Any] = {"given": given, "DOMAIN": DOMAIN, "bad": bad, "later": later}
    names["of_another_key"] = asked("r-3", 9, 10, resource="room-2")
    exec(ON_FAILURE, names)  # noqa: S102  # our own page
    assert names["letter"].reason == "HANDLER_RAISED"
    assert set(names["then"].rows("bookings")) == {"r-2", "r-3"}

"""docs/api.md and docs/reports.md say what is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from api.http.security.admission import ASSETS, OF_CONSOLE, OPEN
from api.reports.grouping import MOST_GROUPS, MOST_IN_A_FILE
from tests.unit.api.http.conftest import bearing

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

DOCS = Path(__file__).parents[4] / "docs"
API = (DOCS / "api.md").read_text(encoding="utf-8")
START = re.findall(r"--permission (\S+)", API[API.index("TOKEN=") : API.index("make api  ")])
PERIOD = re.findall(r'PERIOD="(.*)"', API)[0]
READS = [path.replace("$PERIOD", PERIOD) for path in re.findall(r'curl -H "\$AUTH"(?: -H "Accept: \S+")? "?\$BASE([^"\s]+)', API)]


@pytest.mark.parametrize("path", [*READS, "/openapi.json"])
def test_the_key_of_the_start_may_do_what_is_shown(client: TestClient, path: str) -> None:
    assert client.get(path, headers=bearing("u-1", *(name.rstrip(")") for name in START))).status_code in {200, 404}


def test_all_reads_are_looked_at() -> None:
    assert len(READS) == 7


def test_what_needs_no_token_is_named() -> None:
    for path in OPEN:
        assert path in API or path.rpartition("/")[2] in {*ASSETS, *OF_CONSOLE}, path
    assert "`/reports/assets/` and `/console/assets/`" in API


def test_the_limits_of_a_report_are_named() -> None:
    text = (DOCS / "reports.md").read_text(encoding="utf-8")
    assert f"at most {MOST_GROUPS:,} groups, a file {MOST_IN_A_FILE:,}" in text

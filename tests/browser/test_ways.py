"""HTTP and the command line tell the figures that the page shows: those of what was published."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from pyarrow import parquet

from api.owners import partition_of
from tests.browser.month import BEGIN, END, ROOMS, hours

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Shown

KINDS = ("asked", "granted", "refused", "cancelled", "no_show", "used", "waitlisted", "unmet")
PERIOD = {"since": BEGIN.isoformat().replace("+00:00", "Z"), "until": END.isoformat().replace("+00:00", "Z")}


def run(shown: Shown, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "BOOKLY_BROKERS": shown.pipeline.stack.brokers, "COLUMNS": "100", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "api", "reports", "demand", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60)


def of_the_month(shown: Shown, *more: str) -> subprocess.CompletedProcess[bytes]:
    return run(shown, "--since", f"{BEGIN:%Y-%m-%d}", "--until", f"{END:%Y-%m-%d}", *more)


def wanted(shown: Shown) -> dict[str, dict[str, int]]:
    return {room: {kind: shown.month.sum(kind, resource=room) for kind in KINDS} for room in ROOMS}


def test_http_tells_what_was_published_and_how_far_each_owner_had_read(shown: Shown) -> None:
    query = urlencode({**PERIOD, "by": "resource"})
    asked = Request(f"{shown.url}/demand?{query}", headers={"X-API-Key": shown.key})  # noqa: S310  # on loopback
    with urlopen(asked) as answer:  # noqa: S310
        found = json.load(answer)
    told = {each["group"]["resource"]: {kind: each[kind] for kind in KINDS} for each in found["groups"]}
    assert told == wanted(shown)
    use = {each["group"]["resource"]: each["utilisation"] for each in found["groups"]}
    assert use == {room: round(shown.month.use([room], hours()) or 0, 4) for room in ROOMS}
    of_rooms = {f"bookly.availability/{partition_of(room, 4)}" for room in ROOMS}
    assert of_rooms <= found["version"].keys(), "of two workers"
    assert found["total"]["refused_by"] == dict(shown.month.reasons)


@pytest.mark.parametrize("format_", ["json", "csv", "parquet"])
def test_the_command_line_tells_the_same_into_a_file_or_a_pipe(shown: Shown, tmp_path: Path, format_: str) -> None:
    file = tmp_path / f"demand.{format_}"
    done = of_the_month(shown, "--format", format_, "-o", str(file))
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    assert b"records read" in done.stderr
    assert list(tmp_path.iterdir()) == [file], "nothing half written is left"
    piped = of_the_month(shown, "--format", format_)
    assert piped.stdout == file.read_bytes()
    rows: list[dict[str, Any]]
    if format_ == "json":
        rows = [json.loads(line) for line in piped.stdout.splitlines()]
    elif format_ == "csv":
        rows = list(csv.DictReader(io.StringIO(piped.stdout.decode(), newline="")))
    else:
        rows = parquet.read_table(io.BytesIO(piped.stdout)).to_pylist()
    assert {row["resource"]: {kind: int(row[kind]) for kind in KINDS} for row in rows} == wanted(shown)


def test_people_get_a_table_of_the_first(shown: Shown) -> None:
    done = of_the_month(shown, "--top", "3", "--sort", "unmet")
    highest = sorted(ROOMS, key=lambda room: -shown.month.sum("unmet", resource=room))[:3]
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0
    assert [line.split()[0] for line in lines[-3:]] == highest
    assert [line.split()[4] for line in lines[-3:]] == [str(shown.month.sum("unmet", resource=room)) for room in highest]


def test_a_period_without_demand_ends_with_1_and_what_cannot_be_asked_with_2(shown: Shown, tmp_path: Path) -> None:
    assert run(shown, "--since", "2020-01-01", "--until", "2020-01-02").returncode == 1
    for wrong, said in (
        (["--by", "colour"], "'colour' is none of"),
        (["--until", "2027-02-01"], "at most 92 days"),
        (["-o", str(tmp_path)], "give --format json, csv or parquet with -o"),
        (["--format", "csv", "-o", str(tmp_path / "none" / "x.csv")], "cannot be written"),
    ):
        done = of_the_month(shown, *wrong)
        assert (done.returncode, done.stdout) == (2, b""), wrong
        assert said in " ".join(done.stderr.decode().replace("│", " ").split())

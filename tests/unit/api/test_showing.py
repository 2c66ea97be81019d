"""What people see fits their terminal; what is not there is answered with what is."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from api.__main__ import KINDS, app
from api.showing import show
from api.tables import UnknownTable, refuse_unknown_table

KNOWN = {"bookly-auth-users-changelog": "auth users", "bookly-reports-demand-changelog": "reports demand"}
DEMAND = {"resource": "laboratory-of-physics-42", "hour": "2026-11-24 09:00", **dict.fromkeys(KINDS, 1_234)}
LAG = {"group": "bookly-availability", "topic": "bookly.availability", "partition": 3, "committed": 9_999_999, "end": 9_999_999}


@pytest.mark.parametrize(("title", "row"), [("demand", DEMAND), ("lag", {**LAG, "lag": 9_999_999})])
def test_a_table_fits_80_columns_and_cuts_nothing(
    title: str, row: dict[str, object], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    show(title, [row], as_json=False)
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    for value in row.values():
        if isinstance(value, int):
            assert f"{value:,}" in text


def test_a_script_gets_a_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    show("lag", [LAG, LAG], as_json=True)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [LAG, LAG]


def test_a_table_that_is_not_there_is_answered_with_those_of_its_domain() -> None:
    with pytest.raises(UnknownTable, match=r"there is no table 'nonsense' of 'auth'; there are: auth users$"):
        refuse_unknown_table("bookly-auth-nonsense-changelog", KNOWN, "auth", "nonsense")


def test_a_domain_that_is_not_there_is_answered_with_all_tables() -> None:
    with pytest.raises(UnknownTable, match=r"there are: auth users, reports demand$"):
        refuse_unknown_table("bookly-autj-users-changelog", KNOWN, "autj", "users")
    with pytest.raises(UnknownTable, match="there are: none yet: `make provision` creates them"):
        refuse_unknown_table("bookly-auth-users-changelog", {}, "auth", "users")


@pytest.mark.parametrize("command", ["demand", "lag", "table", "parked"])
def test_every_command_that_prints_rows_takes_json(command: str) -> None:
    assert "--json" in CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "120", "NO_COLOR": "1"}).output


def test_a_broker_that_is_away_is_one_sentence_and_nothing_of_the_client() -> None:
    environment = {**os.environ, "BOOKLY_BROKERS": "127.0.0.1:1"}
    command = [sys.executable, "-m", "api", "lag"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("api: No Kafka broker at 127.0.0.1:1 answered within 10 s: ")
    assert "KafkaError{" not in done.stderr


@pytest.mark.parametrize("command", [["parked", "rooms"], ["release", "rooms", "key"], ["lag", "rooms"]])
def test_a_domain_that_there_is_not_is_answered_with_those_that_there_are(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.__main__.known_tables", lambda _: {})
    result = CliRunner().invoke(app, command, env={"BOOKLY_BROKERS": "127.0.0.1:9", "COLUMNS": "200"})
    assert result.exit_code == 2
    assert "there is no domain 'rooms'; there are: auth, resources, availability, stockpile, reports" in result.output

"""What people see fits their terminal; what is not there is answered with what is."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from api.__main__ import app
from api.console.commands.at import say
from api.groups import READS
from api.reports.exporting import FRACTIONS
from api.reports.writing import SHOWN, _short
from api.showing import show
from api.tables import UnknownTable, refuse_unknown_table
from contracts.topics import load_topics

KNOWN = {"bookly-auth-users-changelog": "auth users", "bookly-reports-demand-changelog": "reports demand"}
FIGURES = {**dict.fromkeys((*FRACTIONS, *SHOWN), 1_234), "utilisation": 0.5}
DEMAND = _short({"resource": "laboratory-of-physics-42", **FIGURES})
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


@pytest.mark.parametrize("command", ["lag", "table"])
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


def test_a_domain_that_there_is_not_is_answered_with_those_that_there_are() -> None:
    result = CliRunner().invoke(app, ["lag", "rooms"], env={"BOOKLY_BROKERS": "127.0.0.1:9", "COLUMNS": "200"})
    assert result.exit_code == 2
    assert "there is no domain 'rooms'; there are: auth, resources, availability, stockpile, reports" in result.output


def test_lag_is_told_of_every_topic_that_a_group_reads_and_of_no_other() -> None:
    reads = {name: tuple(topic.domain for topic in load_topics() if name in topic.readers) for name in READS}
    assert reads == READS


@pytest.mark.parametrize("command", [["--help"], ["dead", "release", "--help"]])
def test_it_starts_where_its_user_has_no_name(command: list[str]) -> None:
    nameless = "import pwd, runpy; pwd.getpwuid = {}.__getitem__; runpy.run_module('api', run_name='__main__', alter_sys=True)"
    without = {name: value for name, value in os.environ.items() if name not in {"LOGNAME", "USER", "LNAME", "USERNAME"}}
    done = subprocess.run([sys.executable, "-c", nameless, *command], env=without, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_record_steers_nobodys_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    said = "a\x1b[2J\x1b]52;c;eA==\x07\r b\udce9 é\nc"
    show("found", [{"says": said}], as_json=False)
    say(said)
    shown = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\r", "\udce9"} & set(shown)
    assert "a\\x1b[2J\\x1b]52;c;eA==\\x07\\r b\\udce9 é\nc" in shown

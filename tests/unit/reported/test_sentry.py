"""Errors are reported over a real connection, and nothing in what arrives is personal."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from bookly.errors import InvalidSettings
from bookly.personal import hidden, personal_names, values_hidden
from bookly.records.auth import UserRegistered
from bookly.sentry import report_errors_if_wanted
from tests.unit.reported.sentry_server import Received, sentry

MAIL, NAME, IP, SECRET = "ann@example.org", "Ann Lee", "192.0.2.7", "in a variable of a frame"
PROGRAM = f"""
import logging, os
os.environ["SENTRY_ENVIRONMENT"] = "tests"
from faust.types import TP
from agents.engine.applying import say
from agents.engine.decoding import Bad
from agents.engine.fatal import stop_process
from agents.engine.logs import configure_logs
from bookly.records.auth import UserLoggedIn, UserRegistered
from bookly.sentry import report_errors_if_wanted
from tests.unit.engine.world import Record

configure_logs()
report_errors_if_wanted("bookly-auth")

HEADERS = (("ce_id", b"e-1"), ("ce_type", b"auth.user.registered"), ("correlation_id", b"c-1"),
           ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))

def handle(*events):
    password = "{SECRET}"
    said = [getattr(each, name) for each in events for name in ("full_name", "ip") if hasattr(each, name)]
    raise ValueError("no room for " + " of ".join(said))

def fail(*events):
    try:
        handle(*events)
    except ValueError as error:
        return error

registered = UserRegistered("u-1", "{MAIL}", "{NAME}")
say(TP("bookly.auth", 2), Record(7, b"", headers=HEADERS), Bad("HANDLER_RAISED", fail(registered)), registered)
logged_in = UserLoggedIn("u-1", "s-1", "{IP}", "password", 1)
failed = fail(registered, logged_in)
logging.getLogger("asyncio").error(f"a task failed\\nfuture: <Task exception={{failed!r}}>", exc_info=failed)
stop_process(f"what it said of {MAIL}: email='{MAIL}', full_name='{NAME}': {{failed}}", failed)
"""


def run(received: Received) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": "sdk:.", "SENTRY_DSN": received.dsn}
    return subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def received() -> Received:
    """All that a worker reports of a dead letter and of its own end."""
    with sentry() as found:
        done = run(found)
        assert done.returncode == 70, done.stderr
        found.log = done.stderr
        return found


def test_what_failed_is_reported_with_the_ids_of_its_event_and_where_it_happened(received: Received) -> None:
    letter, task, end = received.events
    assert letter["logentry"]["message"] == "dead letter"
    assert letter["level"] == "error"
    assert letter["environment"] == "tests"
    wanted = {
        "service": "bookly-auth",
        "event_id": "e-1",
        "event_type": "auth.user.registered",
        "correlation_id": "c-1",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
    }
    assert letter["tags"] == wanted
    assert (letter["extra"]["topic"], letter["extra"]["partition"], letter["extra"]["offset"]) == ("bookly.auth", 2, 7)
    assert letter["extra"]["reason"] == "HANDLER_RAISED"
    assert (task["logentry"]["message"], task["exception"]["values"][0]["type"]) == ("a task failed", "ValueError")
    assert end["level"] == "fatal", "it was sent though the process ended at once"
    [raised] = end["exception"]["values"]
    assert (raised["type"], raised["stacktrace"]["frames"][-1]["function"]) == ("ValueError", "handle")


def test_nothing_personal_has_left_the_process(received: Received) -> None:
    assert len(received.events) == 3
    for value in (MAIL, NAME, IP, SECRET):
        assert value not in received.text, f"{value} in {received.text}"


def test_the_line_in_the_log_has_the_ids_too_and_no_personal_value_of_its_event(received: Received) -> None:
    line = json.loads(received.log.splitlines()[0])
    assert line["event"] == "dead letter"
    assert (line["correlation_id"], line["trace_id"]) == ("c-1", "0af7651916cd43dd8448eb211c80319c")
    assert (line["event_id"], line["event_type"]) == ("e-1", "auth.user.registered")
    assert line["error"] == "no room for ***"


def test_without_a_dsn_the_sdk_is_not_even_loaded() -> None:
    asking = "report_errors_if_wanted('x'); s.flush_reports(); print('sentry_sdk' in sys.modules)"
    program = f"import sys, bookly.sentry; s = bookly.sentry; s.{asking}"
    done = subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": "sdk"}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("dsn", ["nonsense", "http://127.0.0.1:9/7"])
def test_a_dsn_that_is_none_is_said_at_the_start(dsn: str) -> None:
    with pytest.raises(InvalidSettings, match="SENTRY_DSN is no DSN"):
        report_errors_if_wanted("tests", {"SENTRY_DSN": dsn})


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(InvalidSettings, match=r"pip install 'bookly\[sentry\]'"):
        report_errors_if_wanted("tests", {"SENTRY_DSN": "http://public@127.0.0.1:9/7"})


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ({"email": MAIL, "user_id": "u-1"}, {"email": "***", "user_id": "u-1"}),
        ({"data": [{"ip": IP}, {"full_name": None}]}, {"data": [{"ip": "***"}, {"full_name": None}]}),
        (
            f"UserRegistered(user_id='u-1', email='{MAIL}', full_name='{NAME}')",
            "UserRegistered(user_id='u-1', email=***, full_name=***)",
        ),
        (f'{{"full_name": "{NAME}", "user_id": "u-1"}}', '{"full_name": ***, "user_id": "u-1"}'),
        (f"{MAIL} is no address of {IP}", "*** is no address of ***"),
        ("the broker at 10.0.0.7:9092 is away", "the broker at 10.0.0.7:9092 is away"),
        ("description='a chip', zip=1234", "description='a chip', zip=1234"),
    ],
)
def test_what_is_personal_is_hidden_wherever_it_stands_and_what_is_not_stays(said: Any, seen: Any) -> None:
    assert hidden(said) == seen


def test_the_contracts_say_what_is_personal() -> None:
    assert personal_names() == {"email", "full_name", "ip"}
    assert values_hidden(f"{NAME} is taken", UserRegistered("u-1", MAIL, NAME)) == "*** is taken"
    assert values_hidden(f"{NAME} is taken", None) == f"{NAME} is taken"

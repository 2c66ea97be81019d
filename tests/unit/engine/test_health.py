"""What an orchestrator is told is what is the case."""

from __future__ import annotations

import json
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import pytest

from agents.engine.health import address_from_environment, serving
from bookly.errors import InvalidSettings


def asked(path: str, facts: dict[str, Any]) -> tuple[int, Any]:
    with serving(("127.0.0.1", 0), lambda: facts) as port, closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


@pytest.mark.parametrize(
    ("live", "ready", "codes"), [(True, True, (200, 200)), (True, False, (200, 503)), (False, False, (503, 503))]
)
def test_live_and_ready_say_what_is(live: bool, ready: bool, codes: tuple[int, int]) -> None:
    facts = {"live": live, "ready": ready, "why": None if live else "the event loop has not turned for 11 s"}
    assert (asked("/live", facts)[0], asked("/ready", facts)[0]) == codes
    assert asked("/health", facts) == (200, facts)


def test_another_path_is_answered_with_those_that_there_are() -> None:
    assert asked("/healthz", {"live": True, "ready": True}) == (404, {"error": "ask /live, /ready or /health"})


def test_nothing_listens_unless_asked() -> None:
    with serving(None, dict) as port:
        assert port is None


@pytest.mark.parametrize(
    ("given", "address"),
    [("", None), ("8080", ("127.0.0.1", 8080)), (":8080", ("127.0.0.1", 8080)), ("0.0.0.0:8080", ("0.0.0.0", 8080))],  # noqa: S104  # asked for
)
def test_a_port_alone_is_one_on_loopback(given: str, address: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOKLY_HEALTH", given)
    assert address_from_environment() == address


@pytest.mark.parametrize("given", ["yes", "localhost", "127.0.0.1:", "127.0.0.1:99999"])
def test_an_address_that_is_none_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOKLY_HEALTH", given)
    with pytest.raises(InvalidSettings, match="BOOKLY_HEALTH is"):
        address_from_environment()


def test_a_port_that_is_taken_is_said() -> None:
    with (
        serving(("127.0.0.1", 0), dict) as port,
        pytest.raises(InvalidSettings, match="cannot listen"),
        serving(("127.0.0.1", port or 0), dict),
    ):
        raise AssertionError("it listened twice")

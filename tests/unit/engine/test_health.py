"""What an orchestrator is told is what is the case."""

from __future__ import annotations

import json
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import pytest

from agents.engine.health import serving
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
    assert asked("/healthz", {"live": True, "ready": True}) == (404, {"error": "ask /live, /ready, /health or /metrics"})


def test_nothing_listens_unless_asked() -> None:
    with serving(None, dict) as port:
        assert port is None


def test_an_ipv6_host_listens_too() -> None:
    with serving(("::1", 0), lambda: {"live": True, "ready": True}) as port, closing(HTTPConnection("::1", port)) as connection:
        connection.request("GET", "/live")
        assert connection.getresponse().status == 200


def test_a_port_that_is_taken_is_said() -> None:
    with (
        serving(("127.0.0.1", 0), dict) as port,
        pytest.raises(InvalidSettings, match=r"cannot listen on 127.0.0.1 port .* a free port of its own"),
        serving(("127.0.0.1", port or 0), dict),
    ):
        raise AssertionError("it listened twice")

"""A server's life, with small programs in the place of the real ones."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from stack.errors import ServerDied
from stack.server import Launch, Server

RUNS = "print('listening', flush=True); import time; time.sleep(600)"
DIES = "print('cannot bind: the log says why', flush=True); raise SystemExit(3)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + RUNS

MakeServer = Callable[[str], Server]


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    """A server whose program is a line of Python, ready when it has printed something."""
    log = tmp_path / "logs" / "thing.log"
    made: list[Server] = []

    def make(line: str) -> Server:
        command = [sys.executable, "-c", line]
        made.append(Server("here", Launch("thing", lambda: command, log, lambda: b"listening" in log.read_bytes())))
        return made[-1]

    yield make
    for server in made:
        server.kill()


def test_a_server_is_the_address_that_clients_are_given(make_server: MakeServer) -> None:
    assert f"at {make_server(RUNS)}" == "at here"


def test_it_starts_stops_and_starts_again(make_server: MakeServer) -> None:
    server = make_server(RUNS)
    server.start()
    first = server.pid
    server.stop()
    assert not server.is_alive()
    server.start()
    assert server.is_alive()
    assert server.pid != first
    server.kill()
    assert not server.is_alive()


def test_starting_what_runs_and_ending_what_does_not_changes_nothing(make_server: MakeServer) -> None:
    server = make_server(RUNS)
    server.stop()
    server.kill()
    server.start()
    before = server.pid
    server.start()
    assert server.pid == before


def test_one_that_dies_at_start_is_reported_with_its_last_lines_and_its_log(make_server: MakeServer) -> None:
    server = make_server(DIES)
    with pytest.raises(
        ServerDied, match=r"(?s)The thing ended by itself \(exit code 3\).*thing\.log:.*cannot bind: the log says why"
    ):
        server.start()


def test_one_that_never_answers_is_reported_after_the_deadline(make_server: MakeServer) -> None:
    server = make_server("import time; time.sleep(600)")
    server.start(wait=False)
    with pytest.raises(ServerDied, match=r"The thing runs but did not answer within 0 s"):
        server.wait_ready(deadline=0.1)


def test_one_that_does_not_hear_the_request_to_stop_is_killed(make_server: MakeServer) -> None:
    server = make_server(DEAF)
    server.start()
    server.stop(deadline=0.2)
    assert not server.is_alive()


def test_a_halted_one_lives_goes_on_and_can_be_stopped(make_server: MakeServer) -> None:
    server = make_server(RUNS)
    server.start()
    assert server.pid is not None
    process = psutil.Process(server.pid)
    server.pause()
    assert process.status() == psutil.STATUS_STOPPED
    assert server.is_alive()
    server.resume()
    assert process.status() != psutil.STATUS_STOPPED
    server.pause()
    server.stop()
    assert not process.is_running()

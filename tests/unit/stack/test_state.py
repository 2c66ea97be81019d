"""The state file: a dead stack's is recognised, and what it left is found and ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stack import state
from stack.local import Stack

CHECKOUT = Path(__file__).parents[3]


@contextlib.contextmanager
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True) as process:
        yield process
        process.kill()


def write(home: Path, pid: int) -> None:
    home.mkdir(parents=True)
    state.write(home, "127.0.0.1:1", "http://127.0.0.1:2", "redis://127.0.0.1:3/0", {"broker": pid})


def orphan(home: Path) -> None:
    """Make the state one of a dead owner: a process with its id lives, but it is another."""
    content = json.loads((home / "stack.json").read_text())
    content["born"][str(os.getpid())] -= 1000
    (home / "stack.json").write_text(json.dumps(content))


def test_a_running_stacks_addresses_can_be_attached_to(tmp_path: Path) -> None:
    with sleeper() as process:
        write(tmp_path / ".stack", process.pid)
        stack = Stack.attach(tmp_path)
        assert (stack.brokers, stack.registry, stack.redis) == ("127.0.0.1:1", "http://127.0.0.1:2", "redis://127.0.0.1:3/0")
        assert stack.broker.pid == process.pid


def test_a_dead_stacks_state_is_no_running_stack(tmp_path: Path) -> None:
    with sleeper() as process:
        write(tmp_path / "s", process.pid)
        orphan(tmp_path / "s")
        assert state.running(tmp_path / "s") is None
        assert [left.pid for left in state.orphans(tmp_path / "s")] == [process.pid]


def test_a_later_process_with_an_old_servers_id_is_no_orphan(tmp_path: Path) -> None:
    home = tmp_path / "s"
    with sleeper() as process:
        write(home, process.pid)
        orphan(home)
        content = json.loads((home / "stack.json").read_text())
        content["born"][str(process.pid)] -= 1000
        (home / "stack.json").write_text(json.dumps(content))
        assert state.orphans(home) == []


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"brokers": "127.0.0.1:1"}'])
def test_an_unreadable_state_file_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "stack.json").write_text(content)
    assert state.running(tmp_path) is None


def test_what_a_killed_process_had_started_is_ended_by_the_guard() -> None:
    script = (
        "import subprocess, sys, time\n"
        "from stack.guarding import Guard\n"
        "with Guard() as guard:\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
        "    guard.add(child.pid)\n"
        "    print(child.pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
        assert parent.wait(10) == -signal.SIGKILL
    with contextlib.suppress(psutil.NoSuchProcess):
        child.wait(15)

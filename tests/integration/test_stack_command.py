"""`python -m stack` as a person uses it: up, status, down, and what is left when it is killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stack import NotOurs, Stack

CHECKOUT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "COLUMNS": "120"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "stack", *arguments]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, check=False, cwd=CHECKOUT, env=ENVIRONMENT)


@contextlib.contextmanager
def up(directory: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`up` in a process of its own, stopped with the block if it still runs."""
    with subprocess.Popen(
        command("up", "--directory", str(directory), *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        env=ENVIRONMENT,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def read_until(process: subprocess.Popen[str], text: str) -> None:
    """Follow its progress lines until one has the text."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if text in line:
            return
    pytest.fail("it ended: " + "".join(seen))


def servers_of(directory: Path) -> list[psutil.Process]:
    state = json.loads((directory / ".stack" / "stack.json").read_text())
    return [psutil.Process(pid) for pid in state["pids"].values()]


def test_up_says_where_the_servers_are_and_ends_them_all_when_asked(tmp_path: Path) -> None:
    with up(tmp_path) as process:
        read_until(process, "running; Ctrl-C stops it")
        servers = servers_of(tmp_path)
        assert len(servers) == 3

        said = json.loads(run("status", "--directory", str(tmp_path), "--json").stdout)
        attached = Stack.attach(tmp_path)
        assert said["running"] is True
        assert said["brokers"] == attached.brokers
        with pytest.raises(NotOurs):
            attached.broker.kill()

        second = run("up", "--directory", str(tmp_path))
        assert second.returncode == 1
        assert f"A stack already runs in {tmp_path} (process {process.pid})" in second.stderr

        assert run("down", "--directory", str(tmp_path)).returncode == 0
        assert process.wait(30) == 0
        assert process.stdout is not None
        assert process.stdout.read().splitlines() == [
            f"BOOKLY_BROKERS={attached.brokers}",
            f"BOOKLY_REGISTRY={attached.registry}",
            f"BOOKLY_REDIS={attached.redis}",
        ]
    assert not any(server.is_running() for server in servers)
    assert not (tmp_path / ".stack" / "stack.json").exists()
    assert (tmp_path / ".stack" / "logs" / "broker.log").exists()
    assert run("status", "--directory", str(tmp_path)).returncode == 1


def test_a_secured_stack_says_who_to_be_by_files_and_comes_back_with_its_users(tmp_path: Path) -> None:
    secrets = tmp_path / ".stack" / "secrets"
    for again in (False, True):
        with up(tmp_path, "--secure") as process:
            read_until(process, "running; Ctrl-C stops it")
            assert run("status", "--directory", str(tmp_path)).returncode == 0
            told = run("env", "--directory", str(tmp_path), "--as", "provisioning").stdout.splitlines()
            exported = dict(line.removeprefix("export ").split("=", 1) for line in told)
            assert exported["BOOKLY_KAFKA_USER"] == exported["BOOKLY_REGISTRY_USER"] == "provisioning"
            assert exported["BOOKLY_KAFKA_PASSWORD_FILE"] == str(secrets / "provisioning.password")
            assert not any((secrets / "provisioning.password").read_text() in line for line in told)
            done = subprocess.run(
                [sys.executable, "-m", "contracts", "provision"],
                env={**ENVIRONMENT, **exported},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert ("rights: 0 given, 0 taken" in done.stderr) is again, done.stderr
            assert run("down", "--directory", str(tmp_path)).returncode == 0
            assert process.wait(60) == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in (secrets, *secrets.iterdir()))


def test_nothing_is_left_of_a_stack_whose_owner_was_killed_and_the_next_one_starts(tmp_path: Path) -> None:
    with up(tmp_path) as process:
        read_until(process, "the broker answers")
        servers = servers_of(tmp_path)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    for server in servers:
        with contextlib.suppress(psutil.NoSuchProcess):
            server.wait(20)
    assert json.loads(run("status", "--directory", str(tmp_path), "--json").stdout) == {"running": False}
    with up(tmp_path) as process:
        read_until(process, "the broker answers")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_a_port_in_use_is_one_sentence_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = run("up", "--directory", str(tmp_path), "--redis-port", port)
    assert done.returncode == 1
    assert done.stderr.startswith(f"stack: Port {port} for the redis is in use: ")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / ".stack" / "logs").exists()


def test_a_server_that_dies_at_start_is_reported_and_takes_the_others_with_it(tmp_path: Path) -> None:
    data = tmp_path / ".stack" / "data" / "broker"
    data.mkdir(parents=True)
    (data / "meta.properties").write_text("version=1\ncluster.id=another\nnode.id=7\n")
    done = run("up", "--directory", str(tmp_path))
    assert done.returncode == 1
    assert "The broker ended by itself (exit code 1). The last lines of" in done.stderr
    assert str(tmp_path / ".stack" / "logs" / "broker.log") in done.stderr
    assert not (tmp_path / ".stack" / "stack.json").exists()

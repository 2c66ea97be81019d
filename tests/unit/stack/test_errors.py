"""What a person reads when the stack cannot start."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from stack.cache import cache_directory, need_space
from stack.errors import AlreadyRunning, NoSpace, NotDownloaded, NotOurs, PortInUse, StackError
from stack.jars import Jar, installed
from stack.local import Stack
from stack.maven import fetch
from stack.ports import claim, free_port
from stack.server import Server
from stack.state import only_one


def silent(line: str) -> None:
    """Nobody waits for a test's progress."""


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            PortInUse, match=rf"Port {port} for the registry is in use.*--registry-port.*BOOKLY_STACK_REGISTRY_PORT"
        ):
            claim("registry", port, set())


def test_two_servers_cannot_be_given_one_port() -> None:
    taken: set[int] = set()
    port = claim("broker", None, taken)
    with pytest.raises(PortInUse, match=f"Port {port} for the redis"):
        claim("redis", port, taken)


def test_a_free_port_lies_below_those_of_outgoing_connections() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(20_000 <= free_port(set()) < lowest for _ in range(20))


def test_a_full_disk_is_said_with_how_much_is_needed(tmp_path: Path) -> None:
    with pytest.raises(NoSpace, match=r"The first start needs 999999999 MiB below .* and \d+ MiB are free: make room"):
        need_space(tmp_path / "not" / "yet", 999_999_999, "The first start")


def test_without_connection_and_cache_the_first_start_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOKLY_CACHE", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port(set())}")
    with pytest.raises(NotDownloaded, match=r"could not be downloaded \(ProxyError\)\. The first start needs a connection"):
        installed(silent)
    assert not list(tmp_path.glob("servers-*"))


def test_a_download_with_another_checksum_is_refused(tmp_path: Path) -> None:
    jar = Jar("0" * 64, "org.example", "thing", "1.0")
    file = tmp_path / "org" / "example" / "thing" / "1.0" / "thing-1.0.jar"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"not what we know")
    with pytest.raises(NotDownloaded, match=r"org\.example:thing:1\.0 is not the file in stack/jars\.lock"):
        list(fetch([jar], tmp_path))


def test_the_cache_is_the_users_and_can_be_put_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOOKLY_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_directory() == tmp_path / "xdg" / "bookly"
    monkeypatch.setenv("BOOKLY_CACHE", str(tmp_path / "own"))
    assert cache_directory() == tmp_path / "own"


def test_a_second_stack_in_one_directory_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(AlreadyRunning, match=rf"A stack already runs in {tmp_path}")
    with only_one(tmp_path / ".stack"), refused, Stack.start(tmp_path, say=silent):
        pytest.fail("it started")


def test_attaching_where_nothing_runs_says_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"No stack runs in .*: start one by `make stack`"):
        Stack.attach(tmp_path)


@pytest.mark.parametrize("command", ["start", "stop", "kill", "pause", "resume", "wait_ready"])
def test_a_server_of_another_process_is_left_to_it(command: str) -> None:
    attached = Server("127.0.0.1:9092", pid=123)
    with pytest.raises(NotOurs, match=r"127\.0\.0\.1:9092 belongs to another process"):
        getattr(attached, command)()

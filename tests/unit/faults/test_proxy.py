"""The network that the harness makes: what is delayed, held and reset, and that nothing is lost while it is only held."""

from __future__ import annotations

import socket
import socketserver
import time
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from faults.proxy import Proxy
from stack.ports import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

DELAY_S = 0.15


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        connection: socket.socket = self.request
        try:
            while data := connection.recv(1024):
                connection.sendall(data)
        except ConnectionError:
            return


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """In front of a server that says what it is told."""
    port = free_port(set())
    with socketserver.ThreadingTCPServer((HOST, port), Echo) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        with Proxy(free_port({port}), port) as proxy:
            yield proxy
        server.shutdown()
        thread.join()


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection((HOST, proxy.port), timeout=5) as connection:
        yield connection


def asked(client: socket.socket, words: bytes) -> bytes:
    client.sendall(words)
    return client.recv(1024)


def test_what_is_said_passes_both_ways(client: socket.socket) -> None:
    assert asked(client, b"hello") == b"hello"


def test_a_delay_counts_in_each_direction(proxy: Proxy, client: socket.socket) -> None:
    asked(client, b"warm")
    proxy.delay_s = DELAY_S
    began = time.monotonic()
    assert asked(client, b"slow") == b"slow"
    assert time.monotonic() - began >= 2 * DELAY_S


@pytest.mark.parametrize("direction", ["to", "from"])
def test_a_cut_direction_holds_what_is_said_until_it_is_mended(proxy: Proxy, client: socket.socket, direction: str) -> None:
    asked(client, b"before")
    proxy.cut(direction)
    client.sendall(b"held")
    client.settimeout(DELAY_S)
    with pytest.raises(TimeoutError):
        client.recv(1024)
    proxy.mend()
    client.settimeout(5)
    assert client.recv(1024) == b"held"


def test_a_reset_ends_every_connection_and_the_next_is_welcome(proxy: Proxy, client: socket.socket) -> None:
    asked(client, b"before")
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        client.recv(1024)
    with socket.create_connection((HOST, proxy.port), timeout=5) as again:
        assert asked(again, b"again") == b"again"

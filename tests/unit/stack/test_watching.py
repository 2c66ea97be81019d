"""`stack up` and servers that end by themselves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from stack import commands
from stack.errors import ServerDied
from stack.server import Launch, Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class EnoughError(Exception):
    """The watcher has said what was waited for."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    one = Server("nowhere", Launch("broker-3", lambda: ["sleep", "60"], tmp_path / "log", lambda: True))
    one.start()
    yield one
    one.kill()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        if "is started again" in line and "in " not in line:
            raise EnoughError

    monkeypatch.setattr(commands, "to_stderr", say)
    monkeypatch.setattr(commands, "_AGAIN_S", 0.1)
    return lines


def dies(server: Server) -> None:
    """By itself, as far as we know."""
    assert server._process is not None
    server._process.kill()
    server._process.wait()


def watched(server: Server, *, has_copies: bool) -> Any:
    return SimpleNamespace(servers={"broker-3": server}, has_copies=lambda _: has_copies)


def test_one_that_has_copies_is_told_and_started_again(server: Server, said: list[str]) -> None:
    before = server.pid
    dies(server)
    with pytest.raises(EnoughError):
        commands._watch(watched(server, has_copies=True))
    assert said[0] == "broker-3 has ended: the others go on, and it is started again in 0.1 s"
    assert server.pid not in (before, None)


def test_one_that_has_none_ends_the_stack_with_its_last_words(server: Server, said: list[str]) -> None:
    dies(server)
    with pytest.raises(ServerDied, match="broker-3 ended by itself"):
        commands._watch(watched(server, has_copies=False))
    assert not said

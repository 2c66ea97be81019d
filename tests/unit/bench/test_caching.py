"""What readers saw of moves: how long the old version was shown, and whether it ever was once it had been made stale."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import typer

import bench.caching.__main__ as measure
from bench.caching.staleness import Move, judged
from stack import Stack

if TYPE_CHECKING:
    from pathlib import Path


def test_the_old_version_counts_from_the_event_to_the_last_read_that_was_given_it() -> None:
    found = judged([Move(0, 2, published_at=10.0, stale_at=10.2)], [(0, 9.0, 1), (0, 10.1, 1), (0, 10.3, 2)])
    assert found["staleness_max_ms"] == 100.0
    assert found["stale_reads_after_invalidation"] == 0


def test_a_read_that_began_after_the_invalidation_and_was_given_the_old_version_is_wrong() -> None:
    found = judged([Move(0, 2, published_at=10.0, stale_at=10.2)], [(0, 10.3, 1), (0, 10.4, 2)])
    assert found["stale_reads_after_invalidation"] == 1
    assert found["staleness_max_ms"] == pytest.approx(300.0)


def test_reads_of_another_reservation_say_nothing() -> None:
    reads = [(1, 10.3, 1), (0, 10.3, 2)]
    assert judged([Move(0, 2, published_at=10.0, stale_at=10.2)], reads)["stale_reads_after_invalidation"] == 0


def test_a_newer_version_is_never_old() -> None:
    moves = [Move(0, 2, 10.0, 10.2), Move(0, 3, 10.4, 10.6)]
    assert judged(moves, [(0, 10.3, 2), (0, 10.7, 3)])["stale_reads_after_invalidation"] == 0


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({}, ""),
        ({"stale_reads_after_invalidation": 1}, "1 reads were given what had been made stale before\n"),
        ({"loader_calls_per_stampede": 2}, "a stampede loaded 2 times, not once\n"),
    ],
)
def test_a_broken_promise_fails_the_measure(
    figures: dict[str, int], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def costs(*_: object) -> dict[str, int]:
        return {"loader_calls_per_stampede": figures.get("loader_calls_per_stampede", 1)}

    shown = {"stale_reads_after_invalidation": figures.get("stale_reads_after_invalidation", 0)}
    servers = SimpleNamespace(brokers="", registry="", redis="")
    monkeypatch.setattr(Stack, "start", lambda *_: nullcontext(servers))
    for name, told in {"provision_broker": None, "provision_registry": None, "without_redis": {}, "staleness": shown}.items():
        monkeypatch.setattr(measure, name, lambda *_, told=told: told)
    monkeypatch.setattr(measure, "costs", costs)
    monkeypatch.setattr(measure, "HOME", tmp_path)
    with pytest.raises(typer.Exit) if said else nullcontext() as ended:
        measure.main(1, quick=True)
    assert ended is None or ended.value.exit_code == 1
    assert capsys.readouterr().err == said

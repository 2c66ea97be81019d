"""Class archives: made once, and old ones forgotten."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from stack import jars, java, training


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which the servers are, if only as empty files."""
    monkeypatch.setenv("BOOKLY_CACHE", str(tmp_path))
    stamp = hashlib.sha256(jars.LOCK.read_bytes()).hexdigest()[:8]
    (tmp_path / f"servers-{stamp}").mkdir()
    return tmp_path


def test_a_second_preparation_has_nothing_to_do(cache: Path) -> None:
    said: list[str] = []
    installation = jars.installed(said.append)
    for program in (java.kafka(installation), java.apicurio(installation)):
        program.archive.parent.mkdir(exist_ok=True)
        program.archive.touch()
    training.prepare(said.append)
    assert said == ["all is prepared"]


def test_only_the_latest_archives_of_a_server_are_kept(tmp_path: Path) -> None:
    for age in range(5):
        archive = tmp_path / f"broker-{age}.aot"
        archive.touch()
        os.utime(archive, (1000 - age, 1000 - age))
    (tmp_path / "registry-old.aot").touch()
    training.forget_old(tmp_path, "broker")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "broker-0.aot",
        "broker-1.aot",
        "broker-2.aot",
        "registry-old.aot",
    ]

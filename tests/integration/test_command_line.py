"""`bookly`, as `make setup` leaves it: from any directory, through a link."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SHIM = Path(".venv/bin/bookly")


def test_the_command_line_is_there_wherever_one_stands(tmp_path: Path) -> None:
    if not SHIM.exists():
        pytest.fail("make setup puts it there")
    link = tmp_path / "bookly"
    link.symlink_to(SHIM.absolute())
    done = subprocess.run(
        [link, "--help"], cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for command in ("find", "dead", "replay", "reports", "serve"):
        assert command in done.stdout

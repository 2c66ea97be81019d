"""The codec passes the same tests compiled and interpreted. This run has one of the two; here is the other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bookly.records.wire import COMPILED
from contracts.compilation import compile_records
from contracts.schemas import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SUITE = ("tests/contracts/test_codec.py", "tests/contracts/test_refusals.py", "tests/unit/contracts/test_wire.py")


@pytest.fixture
def sdk(tmp_path: Path) -> Path:
    """The SDK, not compiled, in a place of its own."""
    left_out = shutil.ignore_patterns("*.so", ".compiled", "__pycache__")
    shutil.copytree(ROOT / "sdk/bookly", tmp_path / "bookly", ignore=left_out)
    return tmp_path


def test_the_codec_passes_the_same_tests_the_other_way(sdk: Path) -> None:
    if not COMPILED and compile_records(sdk / "bookly/records").startswith("no C compiler"):
        pytest.skip("no C compiler")
    ask = "from bookly.records import wire; print(wire.COMPILED)"
    environment = {**os.environ, "PYTHONPATH": str(sdk)}
    way = subprocess.run([sys.executable, "-c", ask], cwd=sdk, env=environment, check=True, capture_output=True, text=True)
    assert way.stdout.strip() == str(not COMPILED)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SUITE]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]

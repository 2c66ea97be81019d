"""What a peer runs in: a virtual environment of its exact pins, made once."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from bench.errors import BenchError
from stack.cache import exclusive

PEERS = Path(__file__).parent / "peers"


def environment(name: str, home: Path) -> Path:
    """The Python of the environment made of `peers/<name>.txt`, made now where that file has changed. Raises BenchError."""
    pins = PEERS / f"{name}.txt"
    place, stamp = home / name, hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    with exclusive(home / f"{name}.lock"):
        if not (place / "stamp").exists() or (place / "stamp").read_text() != stamp:
            _make(place, pins)
            (place / "stamp").write_text(stamp)
    return place / "bin" / "python"


def _make(place: Path, pins: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(place)], pins)
    install = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    _run([*install, "-r", str(pins)], pins)


def _run(command: list[str], pins: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"the environment of {pins} could not be made: {done.stderr.strip()[-1000:]}")

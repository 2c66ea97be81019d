"""Whether the codec may run compiled: only what was compiled from the sources that lie beside it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

MODULES: Final = ("wire", "envelope", "sealing", "auth", "resources", "availability", "stockpile", "reports")
STAMP: Final = ".compiled"


def state(records: Path) -> str:
    """Of the sources that are compiled together."""
    return sha256(b"".join((records / f"{name}.py").read_bytes() for name in MODULES)).hexdigest()


def refuse_stale(records: Path) -> None:
    """Raises ImportError when machine code was made from other sources: it would read today's bytes as yesterday's."""
    if not any(records.glob("wire.*.so")):
        return
    stamp = records / STAMP
    if not stamp.exists() or stamp.read_text(encoding="utf-8").partition(" ")[0] != state(records):
        raise ImportError(f"the compiled codec in {records} is not of these sources: run 'python -m contracts compile'")

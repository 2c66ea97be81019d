"""The starting process's end of the guard, which ends the servers if that process dies without doing so."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

_SCRIPT = Path(__file__).with_name("guard.py")


class Guard:
    """Knows which servers run. With the block it ends, and what is still listed then ends too."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-I", "-S", str(_SCRIPT)]  # nothing but the standard library: it starts in 20 ms
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.communicate()  # closes its input and waits

    def add(self, pid: int) -> None:
        self._tell(f"+{pid}\n")

    def drop(self, pid: int) -> None:
        self._tell(f"-{pid}\n")

    def _tell(self, order: str) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # somebody ended the guard: we still end our servers ourselves
                self._process.stdin.write(order.encode())
                self._process.stdin.flush()

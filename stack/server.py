"""One server: its address, and a hand on its process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack.errors import NotOurs, ServerDied

START_DEADLINE = 90.0  # a slow machine's first start, without a class archive, with room to spare
STOP_DEADLINE = 15.0
_POLL = 0.05
_TAIL = 15


@dataclass(frozen=True)
class Launch:
    """How a server is started. `ready` asks it one question of its own protocol, and may take a second at most."""

    name: str
    command: Callable[[], list[str]]
    log: Path
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    started: Callable[[int], object] = bool  # told its process id, as is `ended`
    ended: Callable[[int], object] = bool


class Server(str):
    """A server is its address, a string that clients take as it is, and can be ended, halted and started again.

    Port and data are kept over restarts. One that was only attached to (no launch) belongs to another process: every
    command raises NotOurs.
    """

    _launch: Launch | None
    _process: subprocess.Popen[bytes] | None
    _attached: int | None

    def __new__(cls, address: str, launch: Launch | None = None, pid: int | None = None) -> Server:
        server = super().__new__(cls, address)
        server._launch, server._process, server._attached = launch, None, pid
        return server

    @property
    def pid(self) -> int | None:
        """The process id while it runs, halted or not."""
        return self._process.pid if self._process is not None and self._process.poll() is None else self._attached

    @property
    def log(self) -> Path:
        return self._own.log

    def is_alive(self) -> bool:
        """Whether its process lives, halted or not."""
        return self.pid is not None

    def start(self, *, wait: bool = True) -> None:
        """Start it where it does not run, and return when it answers (at once without `wait`). Raises ServerDied."""
        launch = self._own
        if self.is_alive():
            return
        if self._process is not None:
            launch.ended(self._process.pid)  # it ended by itself: nobody may signal its id from now on
        launch.log.parent.mkdir(parents=True, exist_ok=True)
        with launch.log.open("ab") as log:
            self._process = subprocess.Popen(
                launch.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **launch.environment},
                start_new_session=True,  # a Ctrl-C in the terminal is ours to pass on, in the right order
            )
        launch.started(self._process.pid)
        if wait:
            self.wait_ready()

    def wait_ready(self, deadline: float = START_DEADLINE) -> None:
        """Return when it answers. Raises ServerDied if it ends before, or says nothing until the deadline (seconds)."""
        launch, until = self._own, time.monotonic() + deadline
        while True:
            if self._process is None or self._process.poll() is not None:
                raise ServerDied(self.obituary())
            if launch.ready():
                return
            if time.monotonic() > until:
                raise ServerDied(f"The {launch.name} runs but did not answer within {deadline:.0f} s. {self._last_words()}")
            time.sleep(_POLL)  # a server's port can only be asked, there is nothing to wait on

    def kill(self) -> None:
        """End it at once (SIGKILL), as a power cut would; returns when it is gone."""
        self._end(signal.SIGKILL, STOP_DEADLINE)

    def stop(self, deadline: float = STOP_DEADLINE) -> None:
        """End it cleanly; one that is not gone by the deadline (seconds) is killed."""
        self.resume()  # a halted process would not hear it
        try:
            self._end(signal.SIGTERM, deadline)
        except subprocess.TimeoutExpired:
            self.kill()

    def pause(self) -> None:
        """Halt it (SIGSTOP) and return when it is: its connections stay open and nothing answers, as with a cut network."""
        if self._signal(signal.SIGSTOP) and self._process is not None:
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let a halted one go on."""
        self._signal(signal.SIGCONT)

    def obituary(self) -> str:
        """What is to be said of a server that ended by itself."""
        code = self._process.poll() if self._process is not None else None
        return f"The {self._own.name} ended by itself (exit code {code}). {self._last_words()}"

    @property
    def _own(self) -> Launch:
        if self._launch is None:
            raise NotOurs(f"{self} belongs to another process (its own is {self._attached}), which alone stops and starts it.")
        return self._launch

    def _end(self, how: signal.Signals, deadline: float) -> None:
        launch, process = self._own, self._process
        if process is not None:
            self._signal(how)
            process.wait(deadline)
            self._process = None
            launch.ended(process.pid)

    def _signal(self, what: signal.Signals) -> bool:
        if self._own and self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, what)
                return True
        return False

    def _last_words(self) -> str:
        lines = [line for line in self._own.log.read_text(errors="replace").splitlines() if line.strip()]
        return f"The last lines of {self._own.log}:\n" + "\n".join(f"    {line[:400]}" for line in lines[-_TAIL:])

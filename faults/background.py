"""Work in a thread whose failure is not lost: who waits for it gets it."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Background(Thread):
    """Starts at once."""

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._failure: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001  # raised again in `finish`, in the thread that waits
            self._failure = error

    def finish(self) -> None:
        """Return when it is done. Raises what it raised."""
        self.join()
        if self._failure is not None:
            raise self._failure

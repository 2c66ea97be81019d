"""The user's cache of downloaded servers, shared by all checkouts."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from stack.errors import NoSpace

MIB = 1024 * 1024


def cache_directory() -> Path:
    """BOOKLY_CACHE, else bookly/ in XDG_CACHE_HOME or ~/.cache."""
    if chosen := os.environ.get("BOOKLY_CACHE"):
        return Path(chosen).expanduser().absolute()
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "bookly"


def need_space(directory: Path, mebibytes: int, purpose: str) -> None:
    """Raise NoSpace where the disk below `directory` has less free than `mebibytes`."""
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    free = shutil.disk_usage(existing).free // MIB
    if free < mebibytes:
        raise NoSpace(f"{purpose} needs {mebibytes} MiB below {directory}, and {free} MiB are free: make room and try again.")


@contextlib.contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold a lock that other processes wait for, so that two first starts download once. The kernel frees it if we die."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

"""Class archives: what the Java servers load and compile at start, written down once, so that later starts skip it.

Measured on two cores: the registry answers after 3.3 s instead of 6.5, the broker after 1.1 instead of 2.0
(docs/decisions/0001-local-stack-supervision.md).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from stack import java
from stack.assembly import Say
from stack.cache import cache_directory, exclusive, need_space
from stack.jars import installed
from stack.local import Stack

_NEEDED_MIB = 600
_KEPT = 3  # archives a server: other checkouts may run on another Java


def prepare(say: Say) -> None:
    """Download the servers and write their archives, where either is missing. Raises StackError."""
    installation = installed(say)
    programs = (java.kafka(installation), java.apicurio(installation))
    if all(program.archive.exists() for program in programs):
        say("all is prepared")
        return
    archives = cache_directory() / "archives"
    archives.mkdir(parents=True, exist_ok=True)
    need_space(archives, _NEEDED_MIB, "The preparation")
    say("starting the servers once to write down what they load: most of a minute, once for this user")
    with exclusive(archives / "lock"), tempfile.TemporaryDirectory(prefix="bookly-") as scratch:
        with Stack.start(scratch, say=say, training=True):
            pass
        for program in programs:
            if program.draft.exists():
                program.draft.replace(program.archive)
            forget_old(archives, program.name)
    say("prepared")


def forget_old(archives: Path, name: str) -> None:
    """Remove a server's archives but for the latest: other versions' are never met again."""
    newest_first = sorted(archives.glob(f"{name}-*.aot"), key=lambda archive: archive.stat().st_mtime, reverse=True)
    for archive in newest_first[_KEPT:]:
        archive.unlink()

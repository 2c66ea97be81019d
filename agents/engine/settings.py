"""How one worker runs: read once, at the very start, so that a wrong value is said before anything is waited for."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.engine.fuse import Limits
from bookly.errors import InvalidSettings
from bookly.settings import refuse_misspelt

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = "127.0.0.1"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_NAMES = ("HEALTH", "FUSE", "LOG_LEVEL")


@dataclass(frozen=True)
class WorkerSettings:
    """`health`: where to answer, if anywhere. `limits`: when the fuse blows. `log_level`: of the worker's own lines."""

    health: tuple[str, int] | None = None
    limits: Limits = field(default_factory=Limits)
    log_level: int = logging.INFO

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> WorkerSettings:
        """From BOOKLY_HEALTH, BOOKLY_FUSE and BOOKLY_LOG_LEVEL (docs/operations.md). Raises InvalidSettings."""
        environ = os.environ if environ is None else environ
        refuse_misspelt(environ, _NAMES)
        return cls(_address(environ), _limits(environ), _level(environ))


def _address(environ: Mapping[str, str]) -> tuple[str, int] | None:
    given = environ.get("BOOKLY_HEALTH", "")
    if not given:
        return None
    host, _, port = given.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not (port.isascii() and port.isdecimal()) or int(port) > 65_535 or (":" in host and not bracketed):
        raise InvalidSettings(
            f"BOOKLY_HEALTH is {given!r}: give a port (it listens on loopback), or host:port, an IPv6 host in brackets."
        )
    return host.strip("[]") or LOOPBACK, int(port)


def _limits(environ: Mapping[str, str]) -> Limits:
    """Off lets everything that fails become a dead letter."""
    fuse = environ.get("BOOKLY_FUSE", "on")
    if fuse not in {"on", "off"}:
        raise InvalidSettings(f"BOOKLY_FUSE is {fuse!r}: it can be on (as if it were not set) or off.")
    return Limits() if fuse == "on" else Limits.off()


def _level(environ: Mapping[str, str]) -> int:
    given = environ.get("BOOKLY_LOG_LEVEL", "INFO")
    if given.upper() not in _LEVELS:
        raise InvalidSettings(f"BOOKLY_LOG_LEVEL is {given!r}: it can be {', '.join(_LEVELS)}.")
    return logging.getLevelNamesMapping()[given.upper()]

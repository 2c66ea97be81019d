"""How one worker runs: read once, at the very start, so that a wrong value is said before anything is waited for."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.engine.fuse import Limits
from bookly.errors import InvalidSettings
from bookly.settings import internal_secret, refuse_misspelt

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = "127.0.0.1"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_NAMES = ("HEALTH", "FUSE", "LOG_LEVEL", "QUERIES", "INTERNAL_SECRET", "INTERNAL_SECRET_FILE", "TIMERS")


@dataclass(frozen=True)
class WorkerSettings:
    """`health`, `queries`: where to answer, if anywhere. `limits`: when the fuse blows. `log_level`: of the worker's own lines.

    `secret`: what those who query must know; empty where nobody is answered. `timers`: whether they run out.
    """

    health: tuple[str, int] | None = None
    limits: Limits = field(default_factory=Limits)
    log_level: int = logging.INFO
    queries: tuple[str, int] | None = None
    secret: str = field(default="", repr=False)
    timers: bool = True

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> WorkerSettings:
        """From the variables of docs/operations.md. Raises InvalidSettings."""
        environ = os.environ if environ is None else environ
        refuse_misspelt(environ, _NAMES)
        queries = _address(environ, "BOOKLY_QUERIES")
        secret = _secret(environ) if queries else ""
        health, timers = _address(environ, "BOOKLY_HEALTH"), _is_on(environ, "BOOKLY_TIMERS")
        return cls(health, _limits(environ), _level(environ), queries, secret, timers)


def _secret(environ: Mapping[str, str]) -> str:
    secret = internal_secret(environ)
    if secret is None:
        raise InvalidSettings(
            "BOOKLY_QUERIES is set and BOOKLY_INTERNAL_SECRET is not: nobody is answered without a secret. Set the same one for "
            "the workers and the edge, or BOOKLY_INTERNAL_SECRET_FILE to the file that holds it."
        )
    return secret


def _address(environ: Mapping[str, str], variable: str) -> tuple[str, int] | None:
    given = environ.get(variable, "")
    if not given:
        return None
    host, _, port = given.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not (port.isascii() and port.isdecimal()) or int(port) > 65_535 or (":" in host and not bracketed):
        raise InvalidSettings(
            f"{variable} is {given!r}: give a port (it listens on loopback), or host:port, an IPv6 host in brackets."
        )
    return host.strip("[]") or LOOPBACK, int(port)


def _limits(environ: Mapping[str, str]) -> Limits:
    """Off lets everything that fails become a dead letter."""
    return Limits() if _is_on(environ, "BOOKLY_FUSE") else Limits.off()


def _is_on(environ: Mapping[str, str], variable: str) -> bool:
    given = environ.get(variable, "on")
    if given not in {"on", "off"}:
        raise InvalidSettings(f"{variable} is {given!r}: it can be on (as if it were not set) or off.")
    return given == "on"


def _level(environ: Mapping[str, str]) -> int:
    given = environ.get("BOOKLY_LOG_LEVEL", "INFO")
    if given.upper() not in _LEVELS:
        raise InvalidSettings(f"BOOKLY_LOG_LEVEL is {given!r}: it can be {', '.join(_LEVELS)}.")
    return logging.getLevelNamesMapping()[given.upper()]

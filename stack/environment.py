"""Where a checkout's stack is, as the settings of every part of Bookly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stack import state
from stack.secrets import ADMIN, Secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.state import State

VARIABLES = ("BOOKLY_BROKERS", "BOOKLY_REGISTRY", "BOOKLY_REDIS")


def addresses(found: State, principal: str = ADMIN) -> dict[str, str]:
    """By the name of the variable; what this principal needs beside, where the servers are secured."""
    where = dict(zip(VARIABLES, (found["brokers"], found["registry"], found["redis"]), strict=True))
    return where | Secrets(Path(found["secrets"])).environment(principal) if "secrets" in found else where


def filled(environ: Mapping[str, str], directory: Path | None = None, *, principal: str = ADMIN) -> dict[str, str]:
    """The environment, with what it does not say taken from the stack that runs in this directory, if one does.

    An environment that says anything of the three means other servers: then nothing is mixed in.
    """
    if any(environ.get(name) for name in VARIABLES):
        return dict(environ)
    found = state.running(state.stack_directory(directory or Path()))
    return {**environ, **(addresses(found, principal) if found else {})}

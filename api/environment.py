"""Where the servers are: the process' variables, and the stack that runs in this directory for what they leave out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def environment(principal: str = "console") -> Mapping[str, str]:
    """What settings are read from. `principal`: who it is to that stack, if its servers are secured."""
    try:
        from stack.environment import VARIABLES, filled  # noqa: PLC0415  # an image holds the edge alone
    except ImportError:
        return os.environ
    found = filled(os.environ, principal=principal)
    os.environ.update({name: value for name, value in found.items() if name not in VARIABLES})  # clients ask it who they are
    return found

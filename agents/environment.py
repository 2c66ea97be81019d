"""Where the servers are: the process' variables, and the stack that runs in this directory for what they leave out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def environment() -> Mapping[str, str]:
    """What settings are read from."""
    try:
        from stack.environment import filled  # noqa: PLC0415  # an image holds workers alone
    except ImportError:
        return os.environ
    return filled(os.environ)

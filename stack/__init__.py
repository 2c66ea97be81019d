"""The local stack: broker, registry and Redis as plain processes, with neither Docker, root nor Maven."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  # said here, before the first line that an older Python cannot read
    sys.exit(f"Bookly needs Python 3.11 or newer; this is {sys.version_info[0]}.{sys.version_info[1]}.")

from stack.errors import NotOurs, ServerDied, StackError
from stack.local import Stack
from stack.server import Server

__all__ = ["NotOurs", "Server", "ServerDied", "Stack", "StackError"]

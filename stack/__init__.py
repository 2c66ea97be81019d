"""The local stack: broker, registry and Redis as plain processes, with neither Docker, root nor Maven."""

import sys

if sys.version_info < (3, 11):  # said here, before the first line that an older Python cannot read
    sys.exit("Bookly needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2])

from stack.errors import StackError  # noqa: E402
from stack.local import Stack  # noqa: E402
from stack.server import Server  # noqa: E402

__all__ = ["Server", "Stack", "StackError"]

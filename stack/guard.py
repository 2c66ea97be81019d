"""Ends the servers if the process that started them dies without doing so, as after kill -9. Run as a script, by us alone.

It reads `+pid` and `-pid` lines from its standard input, whose other end only the starting process holds. When that
closes, or its parent is another than it was, whatever is still listed is asked to end, latest first, and then killed.
A process of its own, since the kernel's parent-death signal is tied to the thread that started a server, not the process.
"""

import contextlib
import os
import select
import signal
import time

GRACE = 8.0


def watch(parent: int) -> list[int]:
    """Follow the orders until their writer is gone; return the process groups that are left."""
    left: list[int] = []
    buffer = b""
    while os.getppid() == parent:
        if not select.select([0], [], [], 1.0)[0]:
            continue
        data = os.read(0, 4096)
        if not data:
            break
        *orders, buffer = (buffer + data).split(b"\n")
        for order in orders:
            pid = int(order[1:])
            if order.startswith(b"+"):
                left.append(pid)
            elif pid in left:
                left.remove(pid)
    return left


def signal_group(pid: int, what: int) -> bool:
    """Send a signal; False where nobody is left to get it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, what)
        return True
    return False


def end(groups: list[int]) -> None:
    """Ask each in turn, latest first, and kill what does not go."""
    until = time.monotonic() + GRACE
    for pid in reversed(groups):
        signal_group(pid, signal.SIGCONT)
        signal_group(pid, signal.SIGTERM)
        while signal_group(pid, 0) and time.monotonic() < until:
            time.sleep(0.05)
        signal_group(pid, signal.SIGKILL)


if __name__ == "__main__":
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)  # it ends with its parent, not with the terminal
    end(watch(os.getppid()))

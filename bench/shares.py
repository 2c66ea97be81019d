"""Where there are too few cores to pin workers apart: the same small share of a core for each, which the kernel holds it to.

So small that servers and all workers together leave the machine idle time: nobody waits for a core that another has, and two
workers do twice the work of one where nothing but processor time holds them up.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PERIOD_US = 10_000
SHARE = 0.25
V1, V2 = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")


@contextmanager
def shares(number: int) -> Iterator[list[Path]]:
    """So many control groups, each with SHARE of a core; none where this user may not make them (it takes root)."""
    made: list[Path] = []
    try:
        made.extend(_group(f"bookly-bench-{os.getpid()}-{index}") for index in range(number))
    except OSError:
        _remove(made)
        made = []
    try:
        yield made
    finally:
        _remove(made)


def _group(name: str) -> Path:
    is_v1 = (V1 / "cpu.cfs_quota_us").exists()
    group = (V1 if is_v1 else V2) / name
    group.mkdir()
    quota = str(round(SHARE * PERIOD_US))
    if is_v1:
        (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (group / "cpu.cfs_quota_us").write_text(quota)
    else:
        (group / "cpu.max").write_text(f"{quota} {PERIOD_US}")
    return group


def _remove(groups: list[Path]) -> None:
    for group in groups:
        group.rmdir()

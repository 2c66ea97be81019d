"""The measure of windows is repeated by its seed."""

from __future__ import annotations

import os
import subprocess
import sys

from bench.windows.naming import event_id

SCRIPT = """
from bench.windows.months import _at
from bench.windows.speed import event_at
event = event_at("r-1", "room-1", 5)
print(event.metadata.event_id, _at(event, 5).metadata.event_id)
"""


def test_events_have_the_same_ids_in_every_process() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


def test_no_two_of_a_measure_have_one_id() -> None:
    assert len({event_id(number) for number in range(100_000)}) == 100_000

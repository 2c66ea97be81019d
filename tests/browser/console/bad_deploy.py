"""A worker of resources with a bug in it: `python -m tests.browser.console.bad_deploy`. It cannot count thirteen visitors."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import Any

from agents import domains
from agents.engine.settings import WorkerSettings
from agents.engine.worker import run_worker
from agents.resources.usage import count_reservation
from bookly.records.availability import ReservationCreated
from bookly.settings import Settings

UNLUCKY = 13


@wraps(count_reservation)
def buggy(event: Any, state: Any) -> None:
    if event.attendees == UNLUCKY:
        raise ZeroDivisionError("the share of 13 visitors in a room for 13")
    count_reservation(event, state)


if __name__ == "__main__":
    resources = domains()["resources"]
    handlers = dict(resources.handlers)
    handlers[ReservationCreated] = tuple(buggy if each is count_reservation else each for each in handlers[ReservationCreated])
    run_worker(replace(resources, handlers=handlers), Settings.from_environment(), WorkerSettings.from_environment())

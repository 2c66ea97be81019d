"""`python -m tests.integration.queries.worker`: a worker of the domain of bookings, as `python -m agents` runs ours."""

from __future__ import annotations

from agents.engine.worker import run_worker
from bookly.settings import Settings
from tests.unit.engine.asking import DOMAIN

if __name__ == "__main__":
    run_worker(DOMAIN, Settings.from_environment(), stale={})

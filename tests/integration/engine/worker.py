"""`python -m tests.integration.engine.worker`: a worker of the suite's domain, as `python -m agents` runs one of ours."""

from __future__ import annotations

from agents.engine.worker import run_worker
from bookly.settings import Settings
from tests.integration.engine.domain import DOMAIN, STALE

if __name__ == "__main__":
    run_worker(DOMAIN, Settings.from_environment(), stale=STALE)

"""`python -m tests.integration.engine.worker`: a worker of the suite's domain, as `python -m agents` runs one of ours."""

from __future__ import annotations

import asyncio

import uvloop

from agents.engine.watchdog import Watchdog
from agents.engine.worker import Worker, configure_logs, prepare
from bookly.settings import Settings
from tests.integration.engine.domain import DOMAIN, STALE

if __name__ == "__main__":
    configure_logs()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    app = prepare(DOMAIN, Settings.from_environment(), stale=STALE)
    watchdog = Watchdog(app.runner.pulse, lambda: any(app.lag().values()))
    watchdog.start()
    Worker(app, watchdog).execute_from_commandline()

"""One process of one domain: waits for what it depends on, and runs until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import faust
import structlog
import uvloop

from agents import PARTITIONS
from agents.engine import connections
from agents.engine.app import build
from agents.engine.decoding import Decoding
from agents.engine.encoding import Encoding
from agents.engine.fatal import EXIT_FATAL, stop_process
from agents.engine.health import Facts, serving
from agents.engine.logs import configure_logs
from agents.engine.pulse import Pulse
from agents.engine.runner import Runner
from agents.engine.settings import WorkerSettings
from agents.engine.waiting import ended_by_signals, schema_ids, wait_for_broker
from agents.engine.watchdog import DRAIN_S, Watchdog
from bookly.cache.invalidator import Invalidator
from bookly.cache.stale import STALE
from bookly.errors import BrokerUnavailable, RegistryUnavailable
from bookly.registry import Registry

if TYPE_CHECKING:
    from agents.domain import Domain
    from agents.engine.app import BooklyApp
    from agents.engine.fuse import Limits
    from bookly.cache.stale import StaleMap
    from bookly.settings import Settings

log = structlog.get_logger(__name__)
SWITCH_S = 0.0005


def run_worker(domain: Domain, settings: Settings, own: WorkerSettings | None = None, *, stale: StaleMap = STALE) -> None:
    """Run the domain's consumer group in this process. Ends by SIGTERM or SIGINT (exit 0), or by `stop_process`.

    Raises InvalidSettings, and UnknownSchema when the registry is not provisioned. `own`: else from the environment.
    """
    own = own or WorkerSettings.from_environment()
    configure_logs(own.log_level)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    facts = Facts(domain.name)
    with serving(own.health, facts):
        with ended_by_signals():
            app = _prepare_or_stop(domain, settings, stale, own.limits)
        watchdog = Watchdog(app.runner.pulse, app.work)
        watchdog.start()
        facts.come_from(app, watchdog)
        Worker(app, watchdog).execute_from_commandline()


def _prepare_or_stop(domain: Domain, settings: Settings, stale: StaleMap, limits: Limits) -> BooklyApp:
    try:
        wait_for_broker(settings.brokers)
        return prepare(domain, settings, stale=stale, limits=limits)
    except (BrokerUnavailable, RegistryUnavailable) as error:
        stop_process(str(error), error)


class Worker(faust.Worker):
    """Told to end, it commits what is applied and gives its partitions up before anything is taken down."""

    def __init__(self, app: BooklyApp, watchdog: Watchdog) -> None:
        super().__init__(app, override_logging=False, redirect_stdouts=False, quiet=True)
        self._runner, self._watchdog = app.runner, watchdog

    def execute_from_commandline(self) -> NoReturn:
        try:
            super().execute_from_commandline()
        except SystemExit as end:
            raise SystemExit(EXIT_FATAL if end.code else 0) from None

    async def on_first_start(self) -> None:
        tune_interpreter()
        await super().on_first_start()

    async def _stop_on_signal(self, signal: Any) -> None:
        self._watchdog.must_end_within(DRAIN_S)
        await self._runner.drain()
        await super()._stop_on_signal(signal)

    async def stop(self) -> None:
        """After a crash as well as after a signal, what goes down is down in time."""
        self._watchdog.must_end_within(DRAIN_S)
        await super().stop()


def prepare(
    domain: Domain,
    settings: Settings,
    *,
    stale: StaleMap = STALE,
    partitions: int = PARTITIONS,
    limits: Limits | None = None,
) -> BooklyApp:
    """The domain's app, ready to run: asks the registry for all schema ids, and connects to nothing else yet."""
    connections.mend()
    registry = Registry(settings.registry)
    encoding = Encoding(schema_ids(registry), partitions)
    invalidator = Invalidator(settings.redis, stale=stale)
    pulse = Pulse()
    decoding = Decoding(registry, away=pulse.excuse)
    runner = Runner(domain, settings.brokers, decoding, encoding, invalidator, limits, pulse)
    return build(domain, settings.brokers, runner, partitions)


def tune_interpreter() -> None:
    """Decoded events in a list trip the collector for nothing: freeze what lives for ever, look seldom at the rest.

    And the thread that fetches asks for the interpreter many times a response: Python's 5 ms each time would starve it.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 100, 100)

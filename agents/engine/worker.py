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
from agents.engine import batching, connections
from agents.engine.app import build
from agents.engine.decoding import Decoding
from agents.engine.encoding import Encoding
from agents.engine.fatal import EXIT_FATAL, stop_process
from agents.engine.health import Facts, serving
from agents.engine.listening import listening
from agents.engine.logs import configure_logs
from agents.engine.metrics import Metrics
from agents.engine.owning import Ownership
from agents.engine.pulse import Pulse
from agents.engine.querying import Querying
from agents.engine.runner import Runner
from agents.engine.settings import WorkerSettings
from agents.engine.waiting import ended_by_signals, schema_ids, wait_for_broker
from agents.engine.watchdog import DRAIN_S, Watchdog
from bookly.cache.invalidator import Invalidator
from bookly.cache.stale import STALE
from bookly.errors import BrokerUnavailable, RegistryUnavailable
from bookly.registry import Registry
from bookly.sentry import report_errors_if_wanted
from bookly.tracing import active_tracer, keep_traces_if_wanted

if TYPE_CHECKING:
    from agents.domain import Domain
    from agents.engine.app import BooklyApp
    from agents.engine.fuse import Limits
    from agents.engine.listening import Port
    from bookly.cache.stale import StaleMap
    from bookly.settings import Settings

log = structlog.get_logger(__name__)
SWITCH_S = 0.0005


def run_worker(domain: Domain, settings: Settings, own: WorkerSettings | None = None, *, stale: StaleMap = STALE) -> None:
    """Run the domain's consumer group in this process. Ends by SIGTERM or SIGINT (exit 0), or by `stop_process`.

    Raises InvalidSettings, and UnknownSchema when the registry is not provisioned. `own`: else from the environment.
    """
    own = own or WorkerSettings.from_environment()
    domain = domain if own.timers else domain.without_timers()
    configure_logs(own.log_level)
    keep_traces_if_wanted(domain.group)
    report_errors_if_wanted(domain.group)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    facts, metrics = Facts(domain.name), Metrics()
    with serving(own.health, facts, metrics), listening(own.queries) as port:
        with ended_by_signals():
            app = _prepare_or_stop(domain, settings, stale, own.limits, port)
        watchdog = Watchdog(app.runner.pulse, app.work)
        watchdog.start()
        facts.come_from(app, watchdog)
        metrics.come_from(app)
        querying = Querying(domain, Ownership(app.runner, app.is_member), own.secret, port) if port else None
        Worker(app, watchdog, querying).execute_from_commandline()


def _prepare_or_stop(domain: Domain, settings: Settings, stale: StaleMap, limits: Limits, port: Port | None) -> BooklyApp:
    try:
        wait_for_broker(settings.brokers)
        return prepare(domain, settings, stale=stale, limits=limits, port=port)
    except (BrokerUnavailable, RegistryUnavailable) as error:
        stop_process(str(error), error)


class Worker(faust.Worker):
    """Told to end, it commits what is applied and gives its partitions up before anything is taken down."""

    def __init__(self, app: BooklyApp, watchdog: Watchdog, querying: Querying | None = None) -> None:
        super().__init__(app, override_logging=False, redirect_stdouts=False, quiet=True)
        self._runner, self._watchdog, self._querying = app.runner, watchdog, querying

    def execute_from_commandline(self) -> NoReturn:
        try:
            super().execute_from_commandline()
        except SystemExit as end:
            raise SystemExit(EXIT_FATAL if end.code else 0) from None

    async def on_first_start(self) -> None:
        tune_interpreter()
        if self._querying is not None:
            await self._querying.start()
        await super().on_first_start()

    async def _stop_on_signal(self, signal: Any) -> None:
        self._watchdog.must_end_within(DRAIN_S)
        await self._runner.drain()
        await super()._stop_on_signal(signal)

    async def stop(self) -> None:
        """After a crash as well as after a signal, what goes down is down in time."""
        self._watchdog.must_end_within(DRAIN_S)
        if self._querying is not None:
            await self._querying.stop()
        await super().stop()


def prepare(
    domain: Domain,
    settings: Settings,
    *,
    stale: StaleMap = STALE,
    partitions: int = PARTITIONS,
    limits: Limits | None = None,
    port: Port | None = None,
) -> BooklyApp:
    """The domain's app, ready to run: asks the registry for all schema ids, and connects to nothing else yet.

    `port`: where its rows can be asked for. Its name goes into the client's, which the group shows to whoever looks for owners.
    """
    connections.mend()
    batching.mend()
    registry = Registry(settings.registry)
    encoding = Encoding(schema_ids(registry), partitions)
    invalidator = Invalidator(settings.redis, stale=stale)
    pulse = Pulse()
    decoding = Decoding(registry, away=pulse.excuse)
    runner = Runner(domain, settings.brokers, decoding, encoding, invalidator, limits, pulse, active_tracer())
    client = f"{domain.group}@{port.name}" if port else domain.group
    return build(domain, settings.brokers, runner, partitions, client)


def tune_interpreter() -> None:
    """Decoded events in a list trip the collector for nothing: freeze what lives for ever, look seldom at the rest.

    And the thread that fetches asks for the interpreter many times a response: Python's 5 ms each time would starve it.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 100, 100)

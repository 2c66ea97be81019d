"""One process of one domain: waits for what it depends on, and runs until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import faust
import structlog
import uvloop

from agents import PARTITIONS
from agents.engine import connections
from agents.engine.app import build
from agents.engine.decoding import Decoding
from agents.engine.encoding import Encoding
from agents.engine.fuse import Limits
from agents.engine.health import address_from_environment, report, serving
from agents.engine.pulse import Pulse
from agents.engine.runner import Runner
from agents.engine.watchdog import DRAIN_S, Watchdog
from bookly.cache.invalidator import Invalidator
from bookly.cache.stale import STALE
from bookly.catalog import EVENTS
from bookly.errors import InvalidSettings, RegistryUnavailable, UnknownSchema
from bookly.registry import Registry

if TYPE_CHECKING:
    from agents.domain import Domain
    from agents.engine.app import BooklyApp
    from bookly.cache.stale import StaleMap
    from bookly.settings import Settings

log = structlog.get_logger(__name__)
REGISTRY_PATIENCE_S = 60.0
SWITCH_S = 0.0005


def run_worker(domain: Domain, settings: Settings, *, stale: StaleMap = STALE) -> None:
    """Run the domain's consumer group in this process. Ends by SIGTERM or SIGINT (exit 0), or by `stop_process`."""
    configure_logs()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    app = prepare(domain, settings, stale=stale, limits=limits_from_environment())
    watchdog = Watchdog(app.runner.pulse, app.work)
    watchdog.start()
    with serving(address_from_environment(), lambda: report(app, watchdog)):
        Worker(app, watchdog).execute_from_commandline()


class Worker(faust.Worker):
    """Told to end, it commits what is applied and gives its partitions up before anything is taken down."""

    def __init__(self, app: BooklyApp, watchdog: Watchdog) -> None:
        super().__init__(app, override_logging=False, redirect_stdouts=False, quiet=True)
        self._runner, self._watchdog = app.runner, watchdog

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


def limits_from_environment() -> Limits:
    """BOOKLY_FUSE=off lets everything that fails become a dead letter. Raises InvalidSettings for any other value than on."""
    fuse = os.environ.get("BOOKLY_FUSE", "on")
    if fuse not in {"on", "off"}:
        raise InvalidSettings(f"BOOKLY_FUSE is {fuse!r}: it can be on (as if it were not set) or off.")
    return Limits() if fuse == "on" else Limits.off()


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


def schema_ids(registry: Registry) -> dict[str, int]:
    """The id of every event's newest schema. Waits for a registry that starts, or that is provisioned just now.

    Raises RegistryUnavailable or UnknownSchema when it is not ready after REGISTRY_PATIENCE_S.
    """
    deadline = time.monotonic() + REGISTRY_PATIENCE_S
    while True:
        try:
            return {spec.type.value: registry.schema_id(spec.type) for spec in EVENTS.values()}
        except (RegistryUnavailable, UnknownSchema) as error:
            if time.monotonic() > deadline:
                raise
            log.warning("registry away or not provisioned, waiting", error=str(error))
            time.sleep(1.0)


def tune_interpreter() -> None:
    """Decoded events in a list trip the collector for nothing: freeze what lives for ever, look seldom at the rest.

    And the thread that fetches asks for the interpreter many times a response: Python's 5 ms each time would starve it.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 100, 100)


def configure_logs() -> None:
    """One JSON object a line on stderr, ours and the libraries'."""
    level = getattr(logging, os.environ.get("BOOKLY_LOG_LEVEL", "INFO").upper(), logging.INFO)
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("agents").setLevel(level)
    for chatty in ("agents.engine.app", "agents.engine.consuming"):  # mode's services log under the module of their class
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )

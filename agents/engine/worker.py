"""One process of one domain: waits for what it depends on, and runs until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import time
from typing import TYPE_CHECKING, Any

import faust
import structlog
import uvloop

from agents import PARTITIONS
from agents.engine.app import build
from agents.engine.decoding import Decoding
from agents.engine.encoding import Encoding
from agents.engine.runner import Runner
from bookly.cache.invalidator import Invalidator
from bookly.catalog import EVENTS
from bookly.errors import RegistryUnavailable, UnknownSchema
from bookly.registry import Registry

if TYPE_CHECKING:
    from agents.domain import Domain
    from bookly.settings import Settings

log = structlog.get_logger(__name__)
REGISTRY_PATIENCE_S = 60.0


def run_worker(domain: Domain, settings: Settings) -> None:
    """Run the domain's consumer group in this process. Ends by SIGTERM or SIGINT (exit 0), or by `stop_process`."""
    configure_logs()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    registry = Registry(settings.registry)
    encoding = Encoding(schema_ids(registry), PARTITIONS)
    invalidator = Invalidator(settings.redis)
    runner = Runner(domain, settings.brokers, Decoding(registry), encoding, invalidator)
    app = build(domain, settings.brokers, runner, PARTITIONS)
    app.on_worker_init.connect(lambda *_, **__: collect_rarely(), weak=False)
    faust.Worker(app, override_logging=False, redirect_stdouts=False, quiet=True).execute_from_commandline()


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


def collect_rarely() -> None:
    """Decoded events in a list trip the collector for nothing: freeze what lives for ever, look seldom at the rest."""
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

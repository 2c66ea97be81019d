"""What a worker says: one JSON object a line on stderr, for collectors."""

from __future__ import annotations

import logging
from typing import Any

import structlog

AGAIN_S = 10.0
MOST_KNOWN = 1_000
OURS = ("agents", "bookly")


class Seldom(logging.Filter):
    """What a library says again and again, as aiokafka does of a broker that is away forty times a second, is said once in
    AGAIN_S, with how often it was said meanwhile. What we say ourselves is said each time.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith(OURS) or record.exc_info:
            return True
        kind = (record.name, str(record.msg))
        said_at, unsaid = self._known.get(kind, (float("-inf"), 0))
        if record.created - said_at < AGAIN_S:
            self._known[kind] = (said_at, unsaid + 1)
            return False
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[kind] = (record.created, 0)
        if unsaid:
            record.msg, record.args = f"{record.getMessage()} (and {unsaid} times more since it was said)", None
        return True


def configure_logs(level: int = logging.INFO) -> None:
    """Ours at `level` and above, the libraries' warnings, seldom; also in this form."""
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler()
    handler.addFilter(Seldom())
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

"""The end of a process that may not go on: what is not committed is redone by whoever takes the partitions over."""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn

import structlog

from bookly.sentry import flush_reports
from bookly.tracing import flush_traces

EXIT_DATA = 65  # EX_DATAERR of sysexits.h: a restart alone does not help
EXIT_FATAL = 70  # EX_SOFTWARE: supervisors restart on it

log = structlog.get_logger(__name__)


def stop_process(reason: str, error: BaseException | None = None, *, code: int = EXIT_FATAL) -> NoReturn:
    """Log the reason and end at once. No clean-up: a half-done commit must not be finished by accident."""
    log.critical("stopping", reason=reason, error=repr(error), exc_info=error)
    flush_reports()
    flush_traces()
    logging.shutdown()
    sys.stderr.flush()
    os._exit(code)

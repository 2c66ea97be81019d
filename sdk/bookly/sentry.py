"""Errors to Sentry (`pip install 'bookly[sentry]'`), where SENTRY_DSN says so; nothing personal leaves the process.

What is reported: log lines of level ERROR and above, and what ends the process. Of an exception go its kind and its
frames, without their variables and without its text, which may say anything: the log has it. Of a line goes what it says, with
what is personal hidden, and the ids of the event that was at work. Never a request or a payload.
"""

from __future__ import annotations

import logging
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bookly.at_work import at_work
from bookly.errors import InvalidSettings
from bookly.personal import STARS, hidden, texts_hidden

if TYPE_CHECKING:
    from collections.abc import Mapping

FLUSH_S = 2.0
TAGS = ("event_id", "event_type", "correlation_id", "trace_id")


def report_errors_if_wanted(service: str, environ: Mapping[str, str] | None = None) -> None:
    """From here on errors of this process are reported, if SENTRY_DSN is set; SENTRY_ENVIRONMENT and SENTRY_RELEASE are
    heard, too. Raises InvalidSettings.
    """
    environ = os.environ if environ is None else environ
    dsn = environ.get("SENTRY_DSN")
    if not dsn:
        return
    try:
        sdk, into = import_module("sentry_sdk"), import_module("sentry_sdk.integrations.logging")
        ends, raised = import_module("sentry_sdk.integrations.atexit"), import_module("sentry_sdk.integrations.excepthook")
    except ImportError as error:
        raise InvalidSettings(f"SENTRY_DSN is set, and {error.name} is not installed: pip install 'bookly[sentry]'.") from None
    try:
        sdk.init(
            dsn=dsn,
            default_integrations=False,  # others look at requests, arguments and what is installed
            auto_enabling_integrations=False,
            integrations=[
                into.LoggingIntegration(level=None, event_level=logging.ERROR),  # lines before it may say what exceptions said
                ends.AtexitIntegration(callback=lambda *_: None),
                raised.ExcepthookIntegration(),
            ],
            include_local_variables=False,
            before_send=_scrubbed,
            shutdown_timeout=FLUSH_S,
        )
    except sdk.utils.BadDsn as error:
        raise InvalidSettings(f"SENTRY_DSN is no DSN ({error}): copy it from the project's settings in Sentry.") from None
    sdk.set_tag("service", service)


def flush_reports() -> None:
    """What was reported is sent, or FLUSH_S are over: for who ends the process without a clean-up."""
    sdk: Any = sys.modules.get("sentry_sdk")
    if sdk is not None:
        sdk.flush(timeout=FLUSH_S)


def _scrubbed(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
    record = hint.get("log_record")
    said = record.msg if record is not None and isinstance(record.msg, dict) else {}  # a structured line
    raised = said.get("exc_info") or (hint.get("exc_info") or (None, None))[1]
    ids = {**at_work(), **{name: said[name] for name in TAGS if name in said}}
    if said:
        event["logentry"] = {"message": said.get("event", "")}
        left_out = {"event", "exc_info", *(("error",) if raised else ()), *ids}
        event["extra"] = {name: value for name, value in said.items() if name not in left_out}
    elif record is not None and isinstance(raised, BaseException):
        event["logentry"] = {"message": str(record.msg).partition("\n")[0]}  # what asyncio says goes on with the exception
    if isinstance(raised, BaseException):
        event["exception"] = _exception(raised)
        event |= {part: _without(event[part], raised) for part in ("logentry", "extra") if part in event}
    for each in event.get("exception", {}).get("values", ()):
        each["value"] = STARS
    event["tags"] = {**event.get("tags", {}), **ids}
    scrubbed: dict[str, Any] = hidden(event)
    return scrubbed


def _without(said: Any, raised: BaseException | None) -> Any:
    """A line's fields, without what the exception and its causes say wherever one of them quotes it."""
    while raised is not None:
        said = {name: texts_hidden(value, [str(raised)]) if isinstance(value, str) else value for name, value in said.items()}
        raised = raised.__cause__ or raised.__context__
    return said


def _exception(raised: BaseException) -> Any:
    """As the SDK tells it, which looks for it where the standard library's records have it."""
    sdk, tools = import_module("sentry_sdk"), import_module("sentry_sdk.utils")
    told, _ = tools.event_from_exception(raised, client_options=sdk.get_client().options)
    return told["exception"]

"""Which trace a caller may give, and whether this process keeps traces at all. OpenTelemetry is imported by who keeps them."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.trace import Tracer

FLUSH_S = 2.0
_TRACEPARENT = re.compile("[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
WHERE = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def is_traceparent(text: object) -> bool:
    """Whether it is one by W3C Trace Context, which refuses ids of zeros."""
    return isinstance(text, str) and _TRACEPARENT.fullmatch(text) is not None


def active_tracer() -> Tracer | None:
    """Ours, of the provider that this process has set; None where it has set none."""
    api: Any = sys.modules.get("opentelemetry.trace")
    if api is None:
        return None
    provider = api.get_tracer_provider()
    if isinstance(provider, api.ProxyTracerProvider | api.NoOpTracerProvider):
        return None
    tracer: Tracer = provider.get_tracer("bookly")
    return tracer


def flush_traces() -> None:
    """What is kept is sent, or FLUSH_S are over: for who ends the process without a clean-up."""
    api: Any = sys.modules.get("opentelemetry.trace")
    flush = None if api is None else getattr(api.get_tracer_provider(), "force_flush", None)
    if flush is not None:
        flush(int(FLUSH_S * 1000))


def keep_traces_if_wanted(service: str, environ: Mapping[str, str] | None = None) -> None:
    """From here on this process keeps traces, if OTEL_EXPORTER_OTLP_ENDPOINT (or ..._TRACES_ENDPOINT) says where spans go:
    http(s) to a collector, file:///... for OTLP JSON lines. What is left of them is sent when the process ends, or by
    `flush_traces`.

    `service`: its name, unless OTEL_SERVICE_NAME says another. Raises InvalidSettings.
    """
    environ = os.environ if environ is None else environ
    variable = next((name for name in WHERE if environ.get(name)), None)
    is_off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get("OTEL_TRACES_EXPORTER") == "none"
    if variable is not None and not is_off:
        from bookly.otel.starting import start  # noqa: PLC0415

        start(environ.get("OTEL_SERVICE_NAME") or service, variable, environ[variable])

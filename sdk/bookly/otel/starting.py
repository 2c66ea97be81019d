"""A process that keeps traces: its name, and where its spans go."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from bookly.errors import InvalidSettings

SCHEMES = ("http", "https", "file")


def start(service: str, variable: str, endpoint: str) -> None:
    """The tracer of the process is a real one from here on. `variable`: which one named the endpoint. Raises InvalidSettings."""
    where = urlsplit(endpoint)
    if where.scheme not in SCHEMES or (where.scheme == "file") != (not where.netloc):
        raise InvalidSettings(f"{variable} is no endpoint: give http://host:port, https://host:port or file:///path.")
    try:
        resources, sdk, export, api = map(import_module, ("opentelemetry.sdk.resources", *_SDK, "opentelemetry.trace"))
        exporter = _exporter(url2pathname(where.path) if where.scheme == "file" else None)
    except ImportError as error:
        raise InvalidSettings(
            f"{variable} wants traces, and {error.name} is not installed: pip install 'bookly[otel]'."
        ) from None
    provider = sdk.TracerProvider(resource=resources.Resource.create({"service.name": service, "service.namespace": "bookly"}))
    provider.add_span_processor(export.BatchSpanProcessor(exporter))
    api.set_tracer_provider(provider)


_SDK = ("opentelemetry.sdk.trace", "opentelemetry.sdk.trace.export")


def _exporter(path: str | None) -> Any:
    if path is not None:
        return import_module("bookly.otel.lines").JsonLines(path)
    return import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter").OTLPSpanExporter()  # reads the other variables

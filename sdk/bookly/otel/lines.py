"""Spans as OTLP JSON lines, as a collector's own file exporter writes them, and its `otlpjsonfile` receiver reads them."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from bookly.errors import InvalidSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan

IDS = ("traceId", "spanId", "parentSpanId")


class JsonLines(SpanExporter):
    """Appends; several processes may share a file, for a line is one write. Raises InvalidSettings where it cannot be opened."""

    def __init__(self, path: str) -> None:
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise InvalidSettings(f"spans cannot be written to {path} ({error.strerror}).") from None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        found = MessageToDict(encode_spans(spans), use_integers_for_enums=True)
        for one in _spans_of(found):
            _by_hex(one)
            for link in one.get("links", ()):
                _by_hex(link)
        try:
            os.write(self._file, json.dumps(found, separators=(",", ":")).encode() + b"\n")
        except OSError:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        os.close(self._file)


def _spans_of(found: dict[str, Any]) -> list[dict[str, Any]]:
    scopes = [scope for resource in found["resourceSpans"] for scope in resource["scopeSpans"]]
    return [span for scope in scopes for span in scope["spans"]]


def _by_hex(one: dict[str, Any]) -> None:
    """OTLP's JSON has ids in hexadecimal, where protobuf's has all bytes in base64."""
    for name in IDS:
        if name in one:
            one[name] = base64.b64decode(one[name]).hex()

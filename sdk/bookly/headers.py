"""The headers of an event's record: CloudEvents in binary mode and a trace, so that a router need not decode."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bookly.records.envelope import Metadata

Headers = list[tuple[str, bytes]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_SPECVERSION = ("ce_specversion", b"1.0")
_CONTENT_TYPE = ("content-type", b"application/avro")
_TRACEPARENT = re.compile("[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def headers_of(metadata: Metadata, key: str, traceparent: str | None = None) -> Headers:
    """The nine headers. Without a trace of the caller's, all events of one correlation belong to one trace."""
    own_id, correlation = metadata.event_id, metadata.correlation_id
    return [
        ("ce_id", own_id.encode()),
        _type_header(metadata.type),
        _source_header(metadata.source),
        ("ce_time", rfc3339(metadata.occurred_at).encode()),
        ("ce_subject", key.encode()),
        _SPECVERSION,
        ("traceparent", (traceparent or fresh_trace(correlation, own_id)).encode()),
        ("correlation_id", correlation.encode()),
        _CONTENT_TYPE,
    ]


def rfc3339(micros: int) -> str:
    """A time in microseconds since 1970 (UTC), as text."""
    second, fraction = divmod(micros, 1_000_000)
    return f"{_to_the_second(second)}.{fraction:06}Z"


@lru_cache(maxsize=256)
def _to_the_second(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).isoformat()


def fresh_trace(correlation_id: str, event_id: str) -> str:
    """W3C Trace Context: the correlation's digits as the trace, the event's last sixteen as the span, sampled."""
    return f"00-{correlation_id.replace('-', '')}-{event_id[-17:-13]}{event_id[-12:]}-01"


def is_traceparent(text: str) -> bool:
    """Whether it is one by W3C Trace Context, which refuses ids of zeros."""
    return _TRACEPARENT.fullmatch(text) is not None


@lru_cache(maxsize=256)
def _type_header(event_type: str) -> tuple[str, bytes]:
    return "ce_type", event_type.encode()


@lru_cache(maxsize=256)
def _source_header(source: str) -> tuple[str, bytes]:
    return "ce_source", source.encode()

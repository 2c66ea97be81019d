"""What an event gets on its way out, beside its own fields: an id, the time, the headers of its record.

The headers are CloudEvents in binary mode and a trace, so that a router need not decode. Compiled with the records.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from enum import Enum
from time import time_ns
from typing import Any, Final

from bookly.errors import InvalidEvent
from bookly.records.envelope import Metadata

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_WITHOUT_ZONE: Final = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_FIRST_DAY: Final = -719_162  # 0001-01-01
_END_DAY: Final = 2_932_897  # 10000-01-01
_AT_ONCE: Final = 128  # ids are drawn by the hundred: a system call for each would cost more than encoding its event
_VARIANT: Final[dict[str, str]] = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_SPECVERSION: Final = ("ce_specversion", b"1.0")
_CONTENT_TYPE: Final = ("content-type", b"application/avro")
_MANY: Final = 256  # texts of types, sources and seconds that are kept

_ready: Final[list[str]] = []
_types: Final[dict[str, tuple[str, bytes]]] = {}
_sources: Final[dict[str, tuple[str, bytes]]] = {}
_seconds: Final[dict[int, str]] = {}


def new_id() -> str:
    """A fresh random UUID (version 4) in its usual writing. Safe in threads."""
    try:
        return _ready.pop()
    except IndexError:
        _ready.extend(_drawn())
        return new_id()


def _drawn() -> list[str]:
    digits = os.urandom(16 * _AT_ONCE).hex()
    ids: list[str] = []
    for at in range(0, 32 * _AT_ONCE, 32):
        h = digits[at : at + 32]
        ids.append(f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{_VARIANT[h[16]]}{h[17:20]}-{h[20:]}")
    return ids


os.register_at_fork(after_in_child=_ready.clear)  # else parent and child would hand out the same ids


def micros(time: datetime) -> int:
    """Microseconds since 1970 (UTC), exactly. Raises OverflowError for what no reader could make a time of again."""
    since: timedelta = time - _EPOCH
    if not _FIRST_DAY <= since.days < _END_DAY:  # only with an offset, in the first hours of year 1 or the last of 9999
        raise OverflowError("it is outside the years 1 to 9999 in UTC")
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def stamp(type: str, version: int, source: str, actor: str | None) -> Metadata:
    """Metadata of an event that happens now and begins a chain: what EventPayload.of fills in, without its checks."""
    own_id = new_id()
    return Metadata(own_id, type, source, time_ns() // 1000, own_id, version, None, actor)


def record_of(
    record: Any, data: dict[str, Any], names: list[str], times: list[int], others: list[int], metadata: Metadata
) -> Any:
    """An event's fields in the order of its record; at the places in `times` they are times, in `others` enums or arrays.

    Raises InvalidEvent.
    """
    values: list[Any] = [data[name] for name in names]
    for place in times:
        time = values[place]
        if time is not None:
            try:
                values[place] = micros(time)
            except OverflowError as error:
                raise InvalidEvent(record.__name__, names[place], str(error)) from None
    for place in others:
        values[place] = plain(values[place])
    values.append(metadata)
    return record(*values)


def plain(value: Any) -> Any:
    """As the codec takes it: a time in microseconds, an enum's symbol, a list of such."""
    if value is None or type(value) is str:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return micros(value)
    return value if isinstance(value, (str, int, float)) else str(value)  # a UUID


def headers_of(metadata: Metadata, key: str, traceparent: str | None = None) -> list[tuple[str, bytes]]:
    """The nine headers. Without a trace of the caller's, all events of one correlation belong to one trace."""
    own_id = metadata.event_id.encode()
    correlation = metadata.correlation_id.encode()
    return [
        ("ce_id", own_id),
        _types.get(metadata.type) or _kept(_types, "ce_type", metadata.type),
        _sources.get(metadata.source) or _kept(_sources, "ce_source", metadata.source),
        ("ce_time", rfc3339(metadata.occurred_at).encode()),
        ("ce_subject", key.encode()),
        _SPECVERSION,
        ("traceparent", fresh_trace(correlation, own_id) if traceparent is None else traceparent.encode()),
        ("correlation_id", correlation),
        _CONTENT_TYPE,
    ]


def rfc3339(time: int) -> str:
    """A time in microseconds since 1970 (UTC), as text."""
    second = time // 1_000_000
    text = _seconds.get(second)
    if text is None:
        if len(_seconds) >= _MANY:
            _seconds.clear()
        text = _seconds[second] = (_EPOCH_WITHOUT_ZONE + timedelta(seconds=second)).isoformat()
    return f"{text}.{str(time - second * 1_000_000).zfill(6)}Z"


def fresh_trace(correlation_id: bytes, event_id: bytes) -> bytes:
    """W3C Trace Context: the correlation's digits as the trace, the event's last sixteen as the span, sampled."""
    return b"".join([b"00-", correlation_id.replace(b"-", b""), b"-", event_id[-17:-13], event_id[-12:], b"-01"])


def _kept(cache: dict[str, tuple[str, bytes]], name: str, text: str) -> tuple[str, bytes]:
    if len(cache) >= _MANY:
        cache.clear()
    header = cache[text] = (name, text.encode())
    return header

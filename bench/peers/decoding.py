"""The decoder of the peers: fastavro, all of the event. What a fold needs of it is the resource and the time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import fastavro

from bench.peers.stopwatch import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.peers.stopwatch import Task


def by_fastavro(task: Task) -> Callable[[bytes], tuple[str, int]]:
    """From a record's value, its prefix included, to the resource and the microseconds since 1970."""
    schema, read, body = fastavro.parse_schema(task.avro), fastavro.schemaless_reader, io.BytesIO

    def decode(value: bytes) -> tuple[str, int]:
        stream = body(value)
        stream.seek(PREFIX)
        event = read(stream, schema, None)
        return event["data"]["resource_id"], event["metadata"]["occurred_at"]  # type: ignore[index,call-overload,return-value]

    return decode

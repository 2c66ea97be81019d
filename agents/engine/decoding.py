"""Bytes to events by the schema id that they carry, and emitted events to bytes."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, NamedTuple

import structlog

from bookly.errors import MalformedBytes, RegistryUnavailable, UnknownSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aiokafka import ConsumerRecord

    from bookly.records import Record
    from bookly.registry import Registry

log = structlog.get_logger(__name__)
RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)


class Bad(NamedTuple):
    """A record that can never become an event: it belongs in the dead letters. `reason` is one word of a fixed set."""

    reason: str
    error: Exception


class Decoding:
    """Decoders by the five bytes that open a record (magic byte and schema id), learnt from the registry once each."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._decoders: dict[bytes, Callable[[bytes, int], Record]] = {}

    async def decode(self, records: Sequence[ConsumerRecord[bytes, bytes]]) -> list[Record | Bad]:
        """One event or one Bad for each record, in order. Waits while the registry is away and an id is not known yet."""
        await self._learn(record.value[:5] for record in records if record.value is not None)
        decoders = self._decoders
        events: list[Record | Bad] = []
        for record in records:
            value = record.value
            try:
                events.append(decoders[value[:5]](value, 5))
            except MalformedBytes as error:
                events.append(Bad("MALFORMED", error))
            except (KeyError, TypeError):
                events.append(_why(value))
        return events

    async def _learn(self, prefixes: Iterable[bytes]) -> None:
        for prefix in set(prefixes).difference(self._decoders):
            if len(prefix) == 5 and prefix[0] == 0:
                decoder = await self._ask(struct.unpack(">I", prefix[1:])[0])
                if decoder is not None:
                    self._decoders[prefix] = decoder

    async def _ask(self, schema_id: int) -> Callable[[bytes, int], Record] | None:
        """The decoder of a schema id; None when the registry says that there is no such id, or that it is no event of ours."""
        attempt = 0
        while True:
            try:
                return await asyncio.to_thread(self._registry.decoder, schema_id)
            except UnknownSchema:
                return None
            except RegistryUnavailable as error:
                wait = RETRY_S[min(attempt, len(RETRY_S) - 1)]
                log.warning(
                    "registry away, waiting: nothing is lost, the offset is kept",
                    schema_id=schema_id,
                    retry_in_s=wait,
                    error=str(error),
                )
                await asyncio.sleep(wait)
                attempt += 1


def _why(value: bytes | None) -> Bad:
    if value is None:
        return Bad("MALFORMED", MalformedBytes("the record has no value: an event is never a tombstone"))
    if len(value) < 5 or value[0] != 0:
        return Bad(
            "MALFORMED", MalformedBytes(f"the value starts with {value[:5].hex(' ') or 'nothing'}, not with 00 and a schema id")
        )
    schema_id = struct.unpack(">I", value[1:5])[0]
    return Bad("UNKNOWN_SCHEMA", UnknownSchema(f"the registry knows no event schema with id {schema_id}"))

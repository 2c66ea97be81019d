"""Bytes to events by the schema id that they carry, and emitted events to bytes."""

from __future__ import annotations

import asyncio
import struct
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog

from agents.engine.fatal import stop_process
from bookly.errors import MalformedBytes, RegistryUnavailable, UnknownSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bookly.records import Record
    from bookly.registry import Registry

log = structlog.get_logger(__name__)
RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)
PATIENCE_S = 60.0


class Bad(NamedTuple):
    """A record that can never become an event: it belongs in the dead letters. `reason` is one word of a fixed set."""

    reason: str
    error: Exception


class Decoded(NamedTuple):
    """One event for each record, in order; None where `bad`, by index, says why there is none."""

    events: Sequence[Any]
    bad: Mapping[int, Bad]


class Decoding:
    """Decoders by the five bytes that open a record (magic byte and schema id), learnt from the registry once each."""

    def __init__(self, registry: Registry, away: Callable[[], None] = lambda: None) -> None:
        """`away` is called each time that the registry does not answer: nothing can be finished meanwhile."""
        self._registry, self._away = registry, away
        self._decoders: dict[bytes, Callable[[bytes, int], Record]] = {}

    async def decode(self, values: Sequence[bytes | None]) -> Decoded:
        """Waits while the registry is away and an id is not known yet; after PATIENCE_S it ends the process."""
        decoders = self._decoders
        try:
            return Decoded([decoders[value[:5]](value, 5) for value in values], {})  # type: ignore[index,arg-type]
        except (KeyError, TypeError, MalformedBytes):
            await self._learn(value[:5] for value in values if value is not None)
            return self._one_by_one(values)

    def _one_by_one(self, values: Sequence[bytes | None]) -> Decoded:
        events: list[Any] = []
        bad: dict[int, Bad] = {}
        for index, value in enumerate(values):
            event = None
            try:
                event = self._decoders[value[:5]](value, 5)  # type: ignore[index,arg-type]
            except MalformedBytes as error:
                bad[index] = Bad("MALFORMED", error)
            except (KeyError, TypeError):
                bad[index] = _why(value)
            events.append(event)
        return Decoded(events, bad)

    async def _learn(self, prefixes: Iterable[bytes]) -> None:
        for prefix in set(prefixes).difference(self._decoders):
            if len(prefix) == 5 and prefix[0] == 0:
                decoder = await self._ask(struct.unpack(">I", prefix[1:])[0])
                if decoder is not None:
                    self._decoders[prefix] = decoder

    async def _ask(self, schema_id: int) -> Callable[[bytes, int], Record] | None:
        """The decoder of a schema id; None when the registry says that there is no such id, or that it is no event of ours."""
        attempt, since = 0, time.monotonic()
        while True:
            try:
                return await asyncio.to_thread(self._registry.decoder, schema_id)
            except UnknownSchema:
                return None
            except RegistryUnavailable as error:
                self._away()
                if time.monotonic() - since > PATIENCE_S:
                    stop_process(
                        f"the registry did not answer for {PATIENCE_S:.0f} s and schema id {schema_id} is not known yet. "
                        "Nothing is lost: start the registry, then this worker",
                        error,
                    )
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
        return Bad("MALFORMED", MalformedBytes(f"a value of {len(value)} bytes does not start with 00 and a schema id"))
    schema_id = struct.unpack(">I", value[1:5])[0]
    return Bad("UNKNOWN_SCHEMA", UnknownSchema(f"the registry knows no event schema with id {schema_id}"))

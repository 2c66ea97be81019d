"""From what a row says of its schema to what the registry calls it: asked once a version, kept for good."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, Protocol

from bookly.prefixes import Schemas

if TYPE_CHECKING:
    from bookly.outbox.rows import Row


class Versions(Schemas, Protocol):
    """What the relay needs of the registry; Registry says what each promises."""

    def version_id(self, subject: str, fingerprint: str) -> int: ...


class Framing:
    """Prefixes of values: the magic byte and the schema's id. However many lanes wait for one, it is asked for once.

    `known`: those of before, by subject and fingerprint, and from now on those that are found.
    """

    def __init__(self, versions: Versions, known: dict[tuple[str, str], bytes]) -> None:
        self._versions, self._known = versions, known
        self._asked: dict[tuple[str, str], asyncio.Task[int]] = {}

    async def prefix(self, row: Row) -> bytes:
        """Raises UnknownSchema, RegistryUnavailable."""
        version = row.subject, row.fingerprint
        if (known := self._known.get(version)) is not None:
            return known
        if version not in self._asked:
            self._asked[version] = asyncio.create_task(asyncio.to_thread(self._versions.version_id, *version))
            self._asked[version].add_done_callback(lambda _: self._asked.pop(version))
        found = self._known[version] = struct.pack(">bI", 0, await asyncio.shield(self._asked[version]))
        return found

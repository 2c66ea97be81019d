"""Lines in which a worker tells the rows of a span: what was broken off is never taken for the whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterable


class Elsewhere(Exception):
    """The one that was asked is not, or not yet, who can answer."""


class BrokenOff(Exception):
    """The last line did not come, or says why."""


class Sink(Protocol):
    """Where rows go, one after another, so that nobody holds a month of them."""

    def add(self, key: str, row: Any) -> None: ...


async def read_rows(lines: AsyncIterable[bytes], domain: str, sink: Sink) -> dict[str, Any]:
    """All rows into the sink; gives the version they are of. Raises Elsewhere, BrokenOff, ValueError for what is no JSON."""
    version: dict[str, Any] | None = None
    found = 0
    async for line in lines:
        said = json.loads(line)
        if version is None:
            version = _version(said, domain)
        elif isinstance(said, list):
            for key, row in said:
                sink.add(key, row)
            found += len(said)
        elif "reason" in said:
            raise BrokenOff(said["reason"])
        elif said.get("rows") == found:
            return version
    raise BrokenOff("not all rows came")


def _version(said: Any, domain: str) -> dict[str, Any]:
    if not isinstance(said, dict) or said.get("domain") != domain:
        raise Elsewhere("the owner is gone, and somebody else has its address")
    return dict(said["version"])

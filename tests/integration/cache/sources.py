"""A source of truth that counts its loads."""

from __future__ import annotations

from typing import Any


class Source:
    """What a worker's table would answer."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.loads = 0

    async def __call__(self) -> Any:
        self.loads += 1
        return self.value

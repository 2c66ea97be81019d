"""Whose rows these are: a worker tells of a partition only while nobody else can have it (docs/decisions/0006)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.engine.partition import Partition
    from agents.engine.runner import Runner


class NotOwned(Exception):
    """The partition is another worker's, or may be by now: ask again who has it."""


class Recovering(Exception):
    """The partition is this worker's, which reads its changelogs: ask it again."""


class Ownership:
    """`is_member`: whether the group has surely not given away what it gave us."""

    def __init__(self, runner: Runner, is_member: Callable[[], bool]) -> None:
        self._runner, self._is_member = runner, is_member

    def partition(self, number: int) -> Partition:
        """Ours at this moment, so read it before anything is awaited. Raises NotOwned, Recovering."""
        partition, group = self._runner.partitions.get(number), self._runner.domain.group
        if partition is None and number in self._runner.taking:
            raise Recovering(f"partition {number} of {group} is being recovered from its changelogs")
        if partition is None:
            raise NotOwned(f"partition {number} of {group} is not this worker's")
        if not self._is_member():
            raise NotOwned(f"partition {number} of {group} may be another worker's: this one has not heard of its group in time")
        return partition

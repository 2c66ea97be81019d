"""An agent's stream of slices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from faust.streams import Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from agents.engine.consuming import Batch


class BatchStream(Stream):  # type: ignore[type-arg]
    """Reads the channel's queue straight: no ack, no event object and no sleep(0) for each record."""

    async def batches(self) -> AsyncIterator[Batch]:
        """Slices of the current generation in order; those of an older one are dropped, their records come again."""
        self._finalized = True
        queue = self._queue
        await self.maybe_start()
        while not self.should_stop:
            try:
                batch: Batch = await queue.get()
            except StopAsyncIteration:  # how Faust tells a channel's reader that the app stops
                return
            if batch.generation == self.app.consumer_generation_id:
                yield batch

    @property
    def consumer(self) -> Any:
        """Where the slices come from."""
        return self.app.consumer

    @property
    def dry(self) -> bool:
        return bool(self._queue.empty())

    @property
    def _queue(self) -> Any:
        """Of the channel; Faust types it as any iterator."""
        return cast("Any", self.channel).queue

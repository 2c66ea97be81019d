"""A fetcher that asks once, of a broker that a test plays: its own beginning would connect and start tasks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.consumer.subscription_state import TopicPartitionState

from agents.engine.fetching import PacedFetcher

PLACE = TopicPartition("bookly.auth", 0)


class Asking:
    """About one partition, which stands at this position. `broker`: has `send`. `state`: what is known of the partition."""

    def __init__(self, broker: Any, position: int, pause_s: float = 0.0) -> None:
        self.fetcher: Any = PacedFetcher.__new__(PacedFetcher)
        self.fetcher._client, self.fetcher._client_rack, self.fetcher._pause = broker, None, lambda: pause_s
        self.fetcher._records, self.fetcher._preferred_read_replica, self.fetcher._fetch_waiters = {}, {}, set()
        self.state: Any = TopicPartitionState(None)
        self.state.reset_to(position)

    async def ask(self, offset: int) -> None:
        """What lies from this offset on; over when the next question is allowed."""
        assignment = SimpleNamespace(active=True, state_value={PLACE: self.state}.__getitem__)
        request = SimpleNamespace(topics=[(PLACE.topic, [(PLACE.partition, offset, 1)])])
        await self.fetcher._proc_fetch_request(assignment, 1, request)

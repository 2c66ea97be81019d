"""All handlers of some events of a partition, one after the other, and the records that they emit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faust.types import TP

    from agents.domain import Domain
    from agents.engine.encoding import Encoding
    from agents.engine.fetching import Fetched
    from agents.engine.outgoing import Outgoing
    from agents.engine.parking import Parked
    from agents.engine.partition import Partition
    from agents.engine.replaying import Arrived
    from bookly.records import Record


class Handling:
    """The hot path, which keeps no traces: who wants them has another of these (see tracing), so that nothing is asked here."""

    def __init__(self, domain: Domain, encoding: Encoding) -> None:
        self._handlers, self._encoding = domain.handlers, encoding

    def handle(
        self,
        partition: Partition,
        tp: TP,  # noqa: ARG002  # for who keeps traces
        records: Sequence[Fetched | Parked | Arrived],  # noqa: ARG002
        events: Sequence[Record],
        written_at: Sequence[int | None],
    ) -> list[Outgoing]:
        """Raises what a handler raises; then the caller discards what has changed. `records`: those that the events came in."""
        state, handlers_of = partition.state, self._handlers.get
        for event, state.written_at in zip(events, written_at, strict=True):
            state.event = event
            for handler in handlers_of(type(event), ()):
                handler(event, state)
        return self._encoding.encode(state.emitted)

    def by_time(self, partition: Partition) -> list[Outgoing]:
        """What time alone has made the state emit."""
        return self._encoding.encode(partition.state.emitted)

"""What an event brings about, as spans: who is whose child, and what only links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import StatusCode

from agents.engine.handling import Handling
from agents.engine.runner import Runner
from bookly.otel.contexts import span_context
from tests.unit.engine import test_ticking as ticking
from tests.unit.engine.world import INPUT, REPLAY, Record, World, replayed, reservation
from tests.unit.spans import Spans, caused, headers_below, id_of, links_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.engine.outgoing import Outgoing

HANDLED, EMITTED = "process availability.reservation.created", "publish availability.reservation.confirmed"


class Written:
    """Transactions that a broker has taken."""

    def __init__(self) -> None:
        self.records: list[Outgoing] = []

    async def write(self, records: Iterable[Outgoing]) -> None:
        self.records += records

    async def send_offsets(self, places: Any, group: str) -> None:
        """They follow."""

    async def commit(self) -> None:
        """It counts."""


def world(spans: Spans, **about: Any) -> tuple[World, Written]:
    made, written = World(tracer=spans.tracer, **about), Written()
    made.partition._transactions = cast("Any", written)
    return made, written


async def commit(made: World) -> None:
    await made.runner.committing.finish(made.runner.partitions.values())


async def give(made: World, *names: str, headers: tuple[tuple[str, bytes], ...]) -> None:
    first = len(made.events)
    made.events += [reservation(name) for name in names]
    records = [Record(at, str(at).encode(), name.encode(), headers) for at, name in enumerate(names, first)]
    await made.give(records, len(made.events))


def traceparents(written: Written) -> list[str]:
    return [dict(record.headers)["traceparent"].decode() for record in written.records if record.topic == INPUT.topic]


async def test_a_single_event_is_one_trace_from_its_publisher_to_the_cache() -> None:
    spans = Spans()
    made, written = world(spans)
    headers = headers_below(spans)
    await give(made, "one", headers=headers)
    assert spans.named(EMITTED) == [], "what is not committed is not published"
    await commit(made)
    handled = spans.one(HANDLED)
    parent = span_context(dict(headers)["traceparent"])
    assert parent is not None
    assert handled.parent is not None
    assert (handled.parent.trace_id, handled.parent.span_id) == (parent.trace_id, parent.span_id)
    assert caused(spans.one(EMITTED), handled)
    assert caused(spans.one("commit"), handled)
    assert caused(spans.one("invalidate"), spans.one("commit"))
    [traceparent] = traceparents(written)
    below = span_context(traceparent)
    assert below is not None
    assert below.span_id == id_of(spans.one(EMITTED)), "who handles what was emitted is its child"


async def test_a_commit_of_many_events_is_nobodys_child_and_links_to_each() -> None:
    spans = Spans()
    made, _ = world(spans)
    await give(made, "one", "two", headers=headers_below(spans))
    await give(made, "three", headers=headers_below(spans))
    await commit(made)
    committed, handled = spans.one("commit"), spans.named(HANDLED)
    assert committed.parent is None
    assert links_of(committed) == {id_of(span) for span in handled}
    assert len(handled) == 3
    assert caused(spans.one("invalidate"), committed)
    assert committed.attributes is not None
    assert committed.attributes["bookly.events"] == 3


async def test_a_failed_event_says_so_in_its_span_once_and_its_neighbours_are_told_once_too() -> None:
    spans = Spans()
    made, _ = world(spans)
    await give(made, "one", "bad", "two", headers=headers_below(spans))
    await commit(made)
    states = {span.attributes["messaging.kafka.offset"]: span.status for span in spans.named(HANDLED) if span.attributes}
    assert len(spans.named(HANDLED)) == 3
    assert {at: status.status_code for at, status in states.items()} == {
        0: StatusCode.UNSET,
        1: StatusCode.ERROR,
        2: StatusCode.UNSET,
    }
    assert states[1].description == "ValueError", "what the exception says may be personal"
    assert len(spans.named(EMITTED)) == 2


async def test_a_replayed_record_is_in_its_replays_trace_and_links_to_its_original() -> None:
    spans = Spans()
    made, _ = world(spans)
    old, new = dict(headers_below(spans))["traceparent"], dict(headers_below(spans))["traceparent"]
    await made.send(reservation("bad"), key=None)
    await made.wait_in_vain()
    await made.send(reservation("good"))
    made.events[0] = reservation("mended")
    again = replayed(0, 0, None)
    again.headers = (*again.headers, ("traceparent", new), ("replay.traceparent", old))
    await made.give([again], 1, REPLAY)
    assert made.replays == {"applied": 1}
    span = spans.named(HANDLED)[-1]
    parent, original = span_context(new), span_context(old)
    assert parent is not None
    assert original is not None
    assert span.parent is not None
    assert span.parent.span_id == parent.span_id
    assert links_of(span) == {original.span_id}


async def test_what_time_brings_about_is_the_root_of_a_trace() -> None:
    spans = Spans()
    made, written = world(spans, domain=ticking.DOMAIN)
    made.runner._applying.let_time_pass(made.partition, ticking.NOON)
    made.partition.begin_at(INPUT, 7)
    await commit(made)
    published = spans.one("publish availability.reservation.no_show")
    assert published.parent is None
    assert caused(spans.one("commit"), published)
    [traceparent] = traceparents(written)
    assert traceparent.split("-")[2] == f"{id_of(published):016x}"


async def test_who_is_not_sampled_says_so_to_those_behind_it_and_costs_no_span() -> None:
    spans = Spans(ALWAYS_OFF)
    made, written = world(spans)
    await give(made, "one", headers=())
    await commit(made)
    assert spans.all() == ()
    assert [int(traceparent.split("-")[3], 16) & 1 for traceparent in traceparents(written)] == [0]


async def test_where_no_traces_are_kept_the_hot_path_has_nothing_of_them() -> None:
    made = World()
    assert type(made.runner._applying._handling) is Handling
    await made.send(reservation("one"))
    owed = made.partition.take()
    assert owed is not None
    assert owed.traces is None
    assert isinstance(made.runner, Runner)

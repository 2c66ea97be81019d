"""What a replay may be, how it goes on from state to state, and what its records carry."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from api.console.found import Found, Span
from api.console.guards import (
    Caps,
    Refused,
    refuse_approval,
    refuse_rate,
    refuse_run,
    refuse_selection,
    refuse_size,
    refuse_target,
)
from api.console.hygiene import replayed, was_replayed
from api.console.plans import ENDED, Plan, State, WrongState, decoded, encoded, planned
from api.console.selection import Selection, Where
from api.groups import TOPICS
from bookly.errors import InvalidSettings
from tests.unit.spans import Spans, id_of, links_of

SOURCE = "bookly.availability"
MEANT = Selection((SOURCE,), where=Where(keys=("room",)))
STATES: tuple[State, ...] = get_args(State)
GOES_ON = {  # written out: from -> to
    "planned": {"approved", "running", "stopped"},
    "approved": {"running", "stopped"},
    "running": {"running", "paused", "finished", "stopped"},
    "paused": {"running", "stopped"},
    "finished": set(),
    "stopped": set(),
}


def plan(state: State = "planned", *, topic: str = "", group: str = "availability", by: str = "ann") -> Plan:
    made = planned(MEANT, (Span(SOURCE, 0, 3, 9),), group=group, topic=topic, rate=10, matching=4, by=by, why="a bad deploy")
    return msgspec.structs.replace(made, state=state)


@pytest.mark.parametrize("frm", STATES)
@pytest.mark.parametrize("to", STATES)
def test_a_state_goes_on_to_those_that_the_table_names_and_to_no_other(frm: State, to: State) -> None:
    if to in GOES_ON[frm]:
        assert plan(frm).to(to).state == to
    elif to != "planned":
        with pytest.raises(WrongState, match=f"is {frm}, so it cannot be {to}"):
            plan(frm).to(to)


def test_what_has_ended_for_good_goes_nowhere() -> None:
    assert {state for state, on in GOES_ON.items() if not on} == ENDED


def test_a_plan_is_the_same_when_it_was_kept_and_read() -> None:
    made = msgspec.structs.replace(plan(), selection=Selection((SOURCE,), where=Where(keys=("room", "caf\udce9"))))
    assert decoded(encoded(made)) == made


@pytest.mark.parametrize(
    "source", ["bookly.availability.dead", "bookly.availability.replay", "bookly.console.audit", "bookly.users"]
)
def test_a_group_is_given_only_what_it_reads_by_itself(source: str) -> None:
    with pytest.raises(Refused, match="availability does not read"):
        refuse_selection(Selection((source,)), group="availability", topic="", reads=TOPICS)


def test_a_group_is_given_what_it_reads() -> None:
    for group, topics in TOPICS.items():
        refuse_selection(Selection(topics), group=group, topic="", reads=TOPICS)


@pytest.mark.parametrize(("group", "topic"), [("", ""), ("availability", "elsewhere")])
def test_a_replay_goes_to_one_place(group: str, topic: str) -> None:
    with pytest.raises(Refused, match="one group, or into one topic"):
        refuse_selection(MEANT, group=group, topic=topic, reads=TOPICS)


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        (SOURCE, "copied into itself"),
        ("bookly.auth", "read by auth"),
        ("bookly.reports.control", "read by reports"),
        ("bookly.stockpile.replay", "read by stockpile"),
        ("bookly.auth.dead", "read by auth"),
        ("__consumer_offsets", "kept by the system"),
        ("registry-events", "kept by the system"),
        ("kafkasql-snapshots", "kept by the system"),
        ("bookly.console.audit", "kept by the system"),
        ("bookly-availability-slots-changelog", "kept by the system"),
    ],
)
def test_copies_go_nowhere_where_they_would_do_harm(topic: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        refuse_selection(MEANT, group="", topic=topic, reads=TOPICS)


def test_copies_keep_their_partition_so_there_has_to_be_one() -> None:
    spans = [Span(SOURCE, 5, 0, 1)]
    refuse_target("copies", {"copies": 6}, spans)
    with pytest.raises(Refused, match="keys would move"):
        refuse_target("copies", {"copies": 5}, spans)
    with pytest.raises(Refused, match="create it first"):
        refuse_target("copies", {}, spans)


@pytest.mark.parametrize(("matching", "reason"), [(0, "nothing meets"), (11, "more than 10 records")])
def test_size_has_a_cap(matching: int, reason: str) -> None:
    refuse_size(10, Caps(records=10))
    with pytest.raises(Refused, match=reason):
        refuse_size(matching, Caps(records=10))


@pytest.mark.parametrize("rate", [-1, 0, 6])
def test_rate_has_a_cap(rate: int) -> None:
    refuse_rate(5, Caps(rate=5))
    with pytest.raises(Refused, match="it can be 1 to 5"):
        refuse_rate(rate, Caps(rate=5))


def test_one_replay_at_a_time_is_given_to_a_group() -> None:
    for state in STATES:
        if state in {"running", "paused"}:
            with pytest.raises(Refused, match="one at a time"):
                refuse_run(plan(), [plan(state)], Caps())
        else:
            refuse_run(plan(), [plan(state)], Caps())
    refuse_run(plan(), [plan("running", group="reports")], Caps())
    refuse_run(running := plan("running"), [running], Caps())


def test_where_a_second_approval_is_configured_nobody_gives_it_to_their_own_plan() -> None:
    second = Caps(second=True)
    with pytest.raises(Refused, match="somebody other than ann"):
        refuse_run(plan(), [], second)
    with pytest.raises(Refused, match="somebody else has to approve"):
        refuse_approval(plan(), "ann")
    refuse_approval(plan(), "bob")
    refuse_run(plan().to("approved", approved_by="bob"), [], second)


@pytest.mark.parametrize(
    ("name", "value"), [("MOST_RECORDS", "0"), ("MOST_RATE", "many"), ("SECOND_APPROVAL", "yes"), ("MOST_RECORDS", "\u0663")]
)
def test_a_setting_that_means_nothing_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidSettings, match=name):
        Caps.from_environment({f"BOOKLY_CONSOLE_{name}": value})


def test_a_replayed_record_keeps_who_it_is_and_says_where_it_came_from() -> None:
    was = (("ce_id", b"1"), ("traceparent", b"00-old"), ("tracestate", b"x"), ("dead.reason", b"y"), ("ce_id", b"2"))
    found = Found(SOURCE, 3, 17, 0, b"room", b"value", was)
    headers = replayed(found, "p1")
    assert [value for name, value in headers if name == "ce_id"] == [b"1", b"2"], "every one, in its order"
    said = dict(headers)
    assert said["replay.traceparent"] == b"00-old"
    assert said["traceparent"] not in {b"00-old", dict(replayed(found, "p1"))["traceparent"]}
    assert not said.keys() & {"tracestate", "dead.reason"}
    assert [said[f"replay.{name}"] for name in ("id", "topic", "partition", "offset")] == [b"p1", SOURCE.encode(), b"3", b"17"]


def test_where_traces_are_kept_a_replays_trace_begins_with_a_span_that_links_to_the_original() -> None:
    spans, old = Spans(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    said = dict(replayed(Found(SOURCE, 3, 17, 0, b"room", b"value", (("traceparent", old.encode()),)), "p1", spans.tracer))
    begun = spans.one("replay")
    assert begun.parent is None
    assert links_of(begun) == {int("b7ad6b7169203331", 16)}
    assert said["traceparent"].decode().split("-")[2] == f"{id_of(begun):016x}"
    assert said["replay.traceparent"].decode() == old


def test_a_copy_is_known_as_one() -> None:
    found = Found(SOURCE, 3, 17, 0, b"room", b"value", ())
    assert not was_replayed(found)
    assert was_replayed(found._replace(headers=tuple(replayed(found, "p1"))))

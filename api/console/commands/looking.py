"""`topics`, `groups`, `find`, `look`, `life`: what there is, unchanged by being looked at. Personal fields are masked."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.console import places
from api.console.acting import signed_in
from api.console.commands.at import (
    Correlation,
    End,
    Fields,
    First,
    Handler,
    Headers,
    Json,
    Keys,
    OfGroup,
    Partitions,
    Reason,
    Since,
    Topics,
    Trace,
    Types,
    Unmask,
    Until,
    desk,
    progress,
    say,
    selection,
    told,
)
from api.console.reading import spans_of
from api.console.telling import parts, record
from api.console.timeline import NAMES_IT
from api.console.timeline import life as life_of
from api.console.times import written
from api.console.unknown import unknown_names
from api.parking import spelled
from api.showing import show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.console.timeline import Moment

AGAIN_S = 2.0


def topics(
    topic: Annotated[
        str, typer.Argument(help="each partition of this one: its first offset, its end, and what lies between")
    ] = "",
    as_json: Json = False,
) -> None:
    """Every topic: its partitions, how many offsets it holds, which groups read it. Of one that is named, each partition."""
    actor = signed_in("topics")
    actor.does("topics")
    with desk() as at:
        if topic:
            show(topic, (one._asdict() for one in places.partitions(at.brokers, topic)), as_json=as_json)
        else:
            show("topics", (one._asdict() for one in places.topics(at.brokers)), as_json=as_json)


def groups(
    watch: Annotated[bool, typer.Option(help="again each two seconds, until Ctrl-C")] = False, as_json: Json = False
) -> None:
    """Every group: how far it is behind, in messages, and in seconds since the oldest unread record was written. Exit code 1 when
    any is.
    """
    actor = signed_in("groups")
    actor.does("groups")
    with desk() as at:
        while True:
            found = places.groups(at.brokers)
            show("groups", ({**one._asdict(), "behind_s": round(one.behind_s, 1)} for one in found), as_json=as_json)
            if not watch:
                raise typer.Exit(1 if any(one.lag for one in found) else 0)
            time.sleep(AGAIN_S)


def find(  # one for each condition
    topics: Topics,
    partitions: Partitions = None,
    first: First = None,
    end: End = None,
    since: Since = None,
    until: Until = None,
    keys: Keys = None,
    types: Types = None,
    fields: Fields = None,
    headers: Headers = None,
    trace: Trace = "",
    correlation: Correlation = "",
    reason: Reason = "",
    of_group: OfGroup = "",
    handler: Handler = "",
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="no more than this many")] = 100,
    unmask: Unmask = None,
    as_json: Json = False,
) -> None:
    """Records that meet every condition, as events, masked. Exit code 1 when none does.

    bookly find --topic bookly.availability --type RESERVATION_CREATED --field resource_id=room-b204 --since 2026-11-25
    """
    actor = signed_in("find" if unmask is None else "unmask")
    asked = selection(
        topics, partitions, first, end, since, until, keys, types, fields, headers, trace, correlation, reason, of_group, handler
    )
    many = 0
    with desk() as at:
        spans = spans_of(at.brokers, asked)
        with progress("read", sum(span.offsets for span in spans)) as on:
            for found in at.find(actor, asked, spans, unmask=unmask, limit=limit, progress=on):
                many += 1
                row = record(found, at.decoding, unmasked=unmask is not None)
                if as_json:
                    told(row)
                else:
                    say(f"{row['place']}  {written(row['timestamp'])}  {row['type']}  {_key(row)}")
                    say(f"    {row['problem'] or _short(row['event'])}")
    if not many:
        for sentence in unknown_names(asked):
            say(sentence, err=True)
    if not as_json:
        say(f"{many} found" + (f", and there may be more (--limit {limit})" if many == limit else ""), err=True)
    raise typer.Exit(0 if many else 1)


def look(
    topic: str,
    partition: int,
    offset: int,
    unmask: Unmask = None,
    as_json: Json = False,
) -> None:
    """One record: its event, its headers, its key, how it is written. Exit code 1 when there is none."""
    actor = signed_in("look" if unmask is None else "unmask")
    with desk() as at:
        row = at.look(actor, (topic, partition, offset), unmask=unmask)
    if row is None:
        say(
            f"{topic} has no record at offset {offset} of partition {partition}: a marker stands there, or none yet, or no more",
            err=True,
        )
    elif as_json:
        told(row)
    else:
        shown = {
            **row,
            "timestamp": written(row["timestamp"]),
            "key": "none" if row["key"] is None else spelled(row["key"]),
            "event": json.dumps(row["event"], indent=2),
        }
        for name, value in shown.items():
            say(f"{name:>10}  {value}")
    raise typer.Exit(0 if row else 1)


def life(reservation_id: str, as_json: Json = False) -> None:
    """All that happened to a reservation, and what each group did with it. Exit code 1 when nobody names it."""
    actor = signed_in("life")
    actor.does("life")
    with desk() as at, progress("read") as on:
        found = life_of(at.brokers, at.decoding, reservation_id, on)
    for one in found:
        if as_json:
            told(one)
        else:
            _said(one)
    if not found:
        say(f"no event names the reservation {reservation_id!r}", err=True)
    raise typer.Exit(0 if found else 1)


def _key(row: Mapping[str, Any]) -> str:
    return "no key" if row["key"] is None else f"key {spelled(row['key'])}"


def _said(one: Moment) -> None:
    kin = "" if one.why == NAMES_IT else f"  [{one.why}]"
    say(f"{one.at[:19]}  {one.type}  by {one.source}  ({one.topic}/{one.partition}/{one.offset}){kin}")
    for deed in one.deeds:
        names = f": {', '.join(deed.handlers)}" if deed.handlers else ""
        say(f"    {deed.group} {deed.state}{names}{f' (failed: {deed.failed})' if deed.failed else ''}")


def _short(event: Any) -> str:
    return ", ".join(
        f"{name}={value}".replace("\n", "\\n") for part, name, value in parts(event) if part != "metadata" and value is not None
    )

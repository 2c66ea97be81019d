"""`replay`: plan, preview, approve, run, pause, resume, stop, report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from api.console.acting import signed_in
from api.console.commands.at import (
    Correlation,
    End,
    Fields,
    First,
    Headers,
    Json,
    Keys,
    Partitions,
    Since,
    Topics,
    Trace,
    Types,
    Until,
    Why,
    desk,
    progress,
    say,
    selection,
    told,
)
from api.console.plans import ENDED
from api.console.standing import MEANS
from api.showing import show

if TYPE_CHECKING:
    from api.console.plans import Plan
    from api.console.preview import Preview

replay = typer.Typer(
    no_args_is_help=True, help="Give one group records once more, or copy them into a topic: planned, previewed, run."
)
Id = Annotated[str, typer.Argument(help="of a replay, as `replay list` shows it")]


@replay.command()
def plan(  # one for each condition
    topics: Topics,
    group: Annotated[str, typer.Option(help="the one group that is given them, as availability")] = "",
    into: Annotated[str, typer.Option(help="or the topic that copies go into")] = "",
    rate: Annotated[int, typer.Option(help="records a second, at most")] = 1_000,
    why: Why = "",
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
    as_json: Json = False,
) -> None:
    """Fix what is meant, and show what it would do. Nothing is replayed yet. It prints the id for `replay run`."""
    actor = signed_in("plan")
    with actor.tries("plan", {"group": group, "topic": into}):
        asked = selection(topics, partitions, first, end, since, until, keys, types, fields, headers, trace, correlation)
    group = group.removeprefix("bookly-")
    with desk() as at, progress("read") as on:
        made, seen = at.plan(actor, asked, group=group, topic=into, rate=rate, why=why, progress=on)
    _shown(made, seen, as_json=as_json)


@replay.command()
def preview(name: Id, as_json: Json = False) -> None:
    """What a planned replay would do as things stand now; it reads all of it and writes nothing."""
    actor = signed_in("preview")
    with desk() as at, progress("read") as on:
        found, seen = at.preview(actor, name, on)
    _shown(found, seen, as_json=as_json)


@replay.command()
def approve(name: Id) -> None:
    """Agree to somebody else's plan, where BOOKLY_CONSOLE_SECOND_APPROVAL is on."""
    with desk() as at:
        at.approve(signed_in("approve"), name)
    say(f"{name} is approved")


@replay.command()
def run(name: Id, as_json: Json = False) -> None:
    """Run it here, to its end or until somebody pauses or stops it. Killed or paused, it goes on where it was.

    Exit code 1 when it is not finished.
    """
    _run(name, as_json=as_json)


@replay.command()
def resume(name: Id, as_json: Json = False) -> None:
    """Go on with one that was paused, or whose process died. The same as `run`."""
    _run(name, as_json=as_json)


@replay.command()
def pause(name: Id) -> None:
    """Whoever runs it lets go of it within a second."""
    with desk() as at:
        at.pause(signed_in("pause"), name)
    say(f"{name} is paused; `replay resume {name}` goes on")


@replay.command()
def stop(name: Id) -> None:
    """End it for good. What was replayed stays so."""
    with desk() as at:
        at.stop(signed_in("stop"), name)
    say(f"{name} is stopped")


@replay.command(name="list")
def listed(as_json: Json = False) -> None:
    """Every replay, the newest first."""
    with desk() as at:
        found = at.replays(signed_in("replays"))
    rows = ({"id": o.id, "state": o.state, "into": o.target, "matching": o.matching, "by": o.by, "why": o.why} for o in found)
    show("replays", rows, as_json=as_json)


@replay.command()
def report(name: Id, as_json: Json = False) -> None:
    """How far it is, and what the group made of it. Exit code 1 while there is something left."""
    with desk() as at:
        found = at.report(signed_in("replays"), name)
    row = {
        "id": name,
        "state": found.plan.state,
        "matching": found.plan.matching,
        "produced": found.produced,
        "to_replay": found.to_replay,
        "to_judge": found.left,
        **{f"group {what}": many for what, many in found.effects.items()},
    }
    show("replay", [row], as_json=as_json)
    raise typer.Exit(1 if found.left or found.plan.state not in ENDED else 0)


def _run(name: str, *, as_json: bool) -> None:
    actor = signed_in("run")
    with desk() as at, progress("replayed") as on:
        done = 0

        def all_told(_: int, produced: int) -> None:
            nonlocal done
            on(produced - done)
            done = produced

        ended = at.run(actor, name, all_told)
        produced = at.report(actor, name).produced
    if as_json:
        told({"id": name, "state": ended.state, "matching": ended.matching, "produced": produced})
    else:
        say(f"{name} is {ended.state}: {produced:,} of {ended.matching:,} records are in {ended.target}")
    raise typer.Exit(0 if ended.state == "finished" else 1)


def _shown(made: Plan, seen: Preview, *, as_json: bool) -> None:
    if as_json:
        told({"id": made.id, "state": made.state, "into": made.target, "rate": made.rate, **msgspec.to_builtins(seen)})
        return
    say(f"{made.id}: {seen.matching:,} records of {seen.read:,} offsets would go into {made.target}, {made.rate:,} a second")
    tables: list[tuple[str, Any]] = [
        ("what becomes of them", [{"records": many, "what": MEANS.get(what, what)} for what, many in seen.verdicts.items()]),  # type: ignore[call-overload]
        ("by type", [{"type": name, "records": many} for name, many in seen.types.items()]),
        ("by key, the most frequent", [{"key": name, "records": many} for name, many in list(seen.keys.items())[:10]]),
    ]
    for title, rows in tables:
        if rows:
            show(title, rows, as_json=False)
    for sample in seen.samples:
        changed = {name: text for name, text in sample.after.items() if sample.before.get(name) != text}
        say(f"{sample.place} {sample.type}: {msgspec.json.encode(sample.body).decode()}")
        for name, text in changed.items():
            say(f"    {name}: {sample.before.get(name, '')} -> {text}")
    say(f"nothing was replayed yet: `replay run {made.id}` does it", err=True)

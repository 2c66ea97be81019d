"""`reset`: where a group goes on reading; `audit`: what was done here."""

from __future__ import annotations

import re
from collections import deque
from typing import Annotated, Final

import msgspec
import typer

from api.console import audit as trail
from api.console.acting import signed_in
from api.console.commands.at import Json, Why, desk, say, told
from api.console.resetting import Goal
from api.environment import environment
from api.groups import READS, named
from api.showing import show
from bookly.settings import required

_HASH: Final = re.compile("[0-9a-f]{64}")
audit = typer.Typer(no_args_is_help=True, help="What was done in the console and what was refused: a chain that can be checked.")


def reset(
    group: Annotated[str, typer.Argument(help="a consumer group, as availability")],
    to: Annotated[str, typer.Option(help="earliest, latest, an offset, or a time (UTC, ISO 8601)")],
    topic: Annotated[list[str] | None, typer.Option(help="this topic alone; may be given again")] = None,
    why: Why = "",
    yes: Annotated[bool, typer.Option("--yes", help="do it: without, it is only shown")] = False,
    as_json: Json = False,
) -> None:
    """Set a group's offsets, shown first: from, to, which records it reads again, and which never.

    A live group is refused, and one that keeps tables is not moved back. Exit code 1 when it was only shown.
    """
    actor, group = signed_in("reset"), named(group)
    with desk() as at:
        with actor.tries("reset", {"group": group}):
            goal = Goal.of(to)
        planned = at.moves(actor, group, goal, topic or ())
        show(
            f"{group} would go on",
            (
                {"topic": m.topic, "partition": m.partition, "from": m.at, "to": m.to, "gained": m.gained, "lost": m.lost}
                for m in planned
            ),
            as_json=as_json,
        )
        if group.removeprefix("bookly-") in READS and any(move.lost for move in planned):
            say("what is lost counts as applied from then on: it is never read, and no replay applies it", err=True)
        if not yes:
            say("nothing was set: --yes does it", err=True)
            raise typer.Exit(1)
        at.reset(actor, group, planned, why=why)
    say(f"{group} goes on there", err=True)


@audit.command(name="show")
def listed(
    last: Annotated[int, typer.Option(min=1, max=1_000_000, help="the last so many")] = 50,
    as_json: Json = False,
) -> None:
    """The newest entries."""
    signed_in("trail").does("trail")
    found = [trail.entry_of(value) for _, value in deque(trail.entries(_brokers()), maxlen=last)]
    rows = (
        msgspec.to_builtins(one)
        if as_json
        else {"no": one.number, "at": one.at[:19], "who": one.who, "verb": one.verb, "outcome": one.outcome, "why": one.why}
        for one in found
    )
    show("audit trail", rows, as_json=as_json)


@audit.command()
def verify(
    head: Annotated[str | None, typer.Option(help="the hash that an earlier verify printed: it must still be there")] = None,
    as_json: Json = False,
) -> None:
    """Check every link of the chain, and print the newest hash: keep it elsewhere, it is what the newest entry is held by.

    Exit code 1 when the chain breaks, with the offset.
    """
    actor = signed_in("trail")
    if head is not None and not _HASH.fullmatch(head):
        raise typer.BadParameter(f"{head!r} is no hash: it is the 64 digits of 0-9a-f that an earlier verify printed")
    actor.does("trail")
    seen: set[str] = set()
    count, newest, broken = trail.verified(trail.entries(_brokers()), seen.add)
    if broken is None and head is not None and head not in seen:
        broken = trail.Broken(None, f"no entry has the hash {head}: entries were taken away, or it was never one of this trail")
    if as_json:
        told({"entries": count, "head": newest, "broken": broken})
    elif broken:
        where = "behind" if broken.offset is None else f"at offset {broken.offset}, behind"
        say(f"the chain breaks {where} {count} entries that hold: {broken.reason}")
    else:
        say(f"{count} entries hold; the newest is {newest}")
    raise typer.Exit(1 if broken else 0)


def _brokers() -> str:
    return required("brokers", None, environment())

"""`dead`: what failed and what waits behind it; `release` and `drop` end the wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from api.console import dead as letters
from api.console.acting import signed_in
from api.console.commands.at import Json, Why, desk, progress, say, told
from api.groups import READS
from api.parking import Changed, spelled
from api.showing import show

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class _Means(NamedTuple):
    """Which keys are meant: what is empty holds for all."""

    key: str | None
    reason: str
    handler: str
    event: str
    error: str


dead = typer.Typer(no_args_is_help=True, help="What failed, what waits behind it, and how the wait is ended.")
Group = Annotated[str, typer.Argument(help="a group, as availability")]
Key = Annotated[str | None, typer.Argument(help="one key; without it those that the options mean")]
All = Annotated[bool, typer.Option("--all", help="every key that waits")]
Reason = Annotated[str, typer.Option(help="keys whose failed event has this reason")]
Handler = Annotated[str, typer.Option(help="keys at which this handler failed")]
Event = Annotated[str, typer.Option(help="keys whose failed event is of this type, as availability.reservation.created")]
Error = Annotated[str, typer.Option(help="keys whose error has this text in it")]
Yes = Annotated[bool, typer.Option("--yes", help="do it: several keys are only shown without")]


@dead.command()
def summary(group: Annotated[str, typer.Argument(help="one group; default: all")] = "", as_json: Json = False) -> None:
    """How many keys and events wait, by why and where they failed. Exit code 1 when any do."""
    actor = signed_in("dead")
    with desk() as at:
        rows = [row for name in ([group] if group else READS) for row in letters.summary(at.queues(actor, _domain(name)))]
    show("dead letters that hold their keys", rows, as_json=as_json)
    raise typer.Exit(1 if rows else 0)


@dead.command(name="list")
def listed(
    group: Group,
    key: Annotated[str | None, typer.Option(help="one key; default: all")] = None,
    reason: Reason = "",
    handler: Handler = "",
    event: Event = "",
    error: Error = "",
    as_json: Json = False,
) -> None:
    """The keys that wait, each with its failed event and how many wait behind it. Exit code 1 when any do."""
    actor, group = signed_in("dead"), _domain(group)
    with desk() as at:
        waiting = at.queues(actor, group)
    found = [one for one in waiting if one.meets(**_Means(key, reason, handler, event, error)._asdict())]
    if waiting and not found:
        say(f"none of the {len(waiting)} keys that wait is meant: {_others(waiting)}", err=True)
    rows = list(map(letters.shown, found)) if as_json else list(map(_short, found))
    show("waiting keys", rows, as_json=as_json)
    raise typer.Exit(1 if found else 0)


@dead.command()
def release(
    group: Group,
    key: Key = None,
    every: All = False,
    reason: Reason = "",
    handler: Handler = "",
    event: Event = "",
    error: Error = "",
    why: Why = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Try what waits again, in order: after the handler was mended. Exit code 1 when some of it still waits."""
    actor, group = signed_in("release"), _domain(group)
    with desk() as at:
        with actor.tries("release", {"group": group}):
            chosen = _chosen(lambda: at.queues(actor, group), _Means(key, reason, handler, event, error), every=every)
        if key is None and not yes:
            raise _only_shown(chosen, "tried again", as_json=as_json)
        with progress("released", len(chosen)) as on:
            left = at.release(actor, group, chosen, why, _by_total(on))
    _outcome(chosen, left, "released", as_json=as_json)


@dead.command()
def drop(
    group: Group,
    key: Key = None,
    every: All = False,
    reason: Reason = "",
    handler: Handler = "",
    event: Event = "",
    error: Error = "",
    sequence: Annotated[
        int | None, typer.Option(help="of the failed event, as in list --json: refused when it is another")
    ] = None,
    why: Why = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Give the failed event of each key up, with a reason; it stays in the dead letters, and what waits behind it goes on.
    A replay can take it up again. Exit code 1 when some keys still wait.
    """
    actor, group = signed_in("drop"), _domain(group)
    with desk() as at:
        with actor.tries("drop", {"group": group}):
            chosen = _chosen(lambda: at.queues(actor, group), _Means(key, reason, handler, event, error), every=every)
            if sequence is not None and [one.head.sequence for one in chosen] != [sequence]:
                raise Changed(group, chosen[0].head)
        if key is None and not yes:
            raise _only_shown(chosen, "given up", as_json=as_json)
        with progress("dropped", len(chosen)) as on:
            left = at.drop(actor, group, chosen, why, _by_total(on))
    _outcome(chosen, left, "dropped", as_json=as_json)


def _short(queue: letters.Queue) -> dict[str, object]:
    """What fits a terminal; --json has it all."""
    head = queue.head
    place = f"{head.topic}/{head.partition}/{head.offset}"
    why = queue.error or queue.reason
    return {
        "key": spelled(queue.key),
        "event": head.event,
        "place": place,
        "failed": head.attempt,
        "waiting": len(queue.waiting),
        "why": why,
    }


def _domain(group: str) -> str:
    """By it or by the group's own name; read_parked says which there are."""
    return group.removeprefix("bookly-")


def _chosen(look: Callable[[], Sequence[letters.Queue]], means: _Means, *, every: bool) -> list[letters.Queue]:
    if every is (any(means) or means.key is not None):
        raise letters.NothingMeets("say which: a KEY, --reason, --handler, --event, --error, or else --all. Nothing was done.")
    found = look()
    chosen = [one for one in found if one.meets(**means._asdict())]
    if not chosen:
        raise letters.NothingMeets(f"no key that waits is meant; {_others(found)}. Nothing was done.")
    return chosen


def _others(waiting: Sequence[letters.Queue]) -> str:
    more = f" and {len(waiting) - 10} more" if len(waiting) > 10 else ""
    keys = ", ".join(spelled(one.key) for one in waiting[:10]) or "none"
    failed = ", ".join(sorted({f"{one.reason} {one.handler}".strip() for one in waiting})[:10]) or "nowhere"
    return f"keys that wait: {keys}{more}; they failed by {failed}"


def _only_shown(chosen: Sequence[letters.Queue], what: str, *, as_json: bool) -> typer.Exit:
    show(f"would be {what}", letters.summary(chosen), as_json=as_json)
    say(f"{len(chosen)} keys would be {what}; --yes does it.", err=True)
    return typer.Exit(1)


def _outcome(chosen: Sequence[letters.Queue], left: Sequence[letters.Queue], what: str, *, as_json: bool) -> None:
    waits = {one.key: one for one in left}
    if as_json:
        waiting = sum(len(one.waiting) for one in left)
        told({what: len(chosen) - len(waits), "still_waiting": len(waits), "events_waiting": waiting})
    else:
        say(f"{len(chosen) - len(waits)} of {len(chosen)} keys flow again")
        for one in list(waits.values())[:10]:
            head = f"{one.head.event} at offset {one.head.offset} failed"
            say(f"  {spelled(one.key)} waits: {head}, {len(one.waiting)} wait. {one.error}")
    raise typer.Exit(1 if waits else 0)


def _by_total(on: Callable[[int], None]) -> Callable[[int], None]:
    done = 0

    def told_in_all(many: int) -> None:
        nonlocal done
        on(many - done)
        done = many

    return told_in_all

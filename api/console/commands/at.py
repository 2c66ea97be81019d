"""What the commands share: the desk, progress on stderr, and the options by which records are meant."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api.console.decoding import Decoding
from api.console.desk import Desk
from api.console.guards import Caps
from api.console.selection import Selection, Where, checked, parsed_condition
from api.console.times import milliseconds
from api.environment import environment
from api.groups import named
from api.showing import printable
from bookly.registry import Registry
from bookly.settings import required
from bookly.tracing import keep_traces_if_wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = Annotated[bool, typer.Option("--json", help="JSON, one object a line")]
Unmask = Annotated[
    str | None, typer.Option(help="show personal fields, and allow conditions on them, for this reason, which is kept")
]
Why = Annotated[str, typer.Option(help="the reason, for the audit trail")]
Topics = Annotated[list[str], typer.Option("--topic", help="a topic; may be given again")]
Partitions = Annotated[list[int] | None, typer.Option("--partition", help="a partition; may be given again; default: all")]
First = Annotated[int | None, typer.Option("--from-offset", help="from this offset on, in each partition")]
End = Annotated[int | None, typer.Option("--to-offset", help="up to, and without, this offset")]
Since = Annotated[datetime | None, typer.Option(help="written at this time (UTC) or later")]
Until = Annotated[datetime | None, typer.Option(help="written before this time (UTC)")]
Keys = Annotated[list[str] | None, typer.Option("--key", help="a key; of several, any")]
Types = Annotated[list[str] | None, typer.Option("--type", help="an event, as RESERVATION_CREATED; of several, any")]
Fields = Annotated[
    list[str] | None, typer.Option("--field", help="attendees>=20, user_id=u-1, reason~fire, waitlist_id? (there)")
]
Headers = Annotated[list[str] | None, typer.Option("--header", help="the same of a header: ce_source=booking-web")]
Trace = Annotated[str, typer.Option(help="a trace id, 32 digits")]
Correlation = Annotated[str, typer.Option(help="a correlation id")]
Reason = Annotated[str, typer.Option(help="of a dead letter: HANDLER_RAISED, MALFORMED, UNKNOWN_SCHEMA")]
OfGroup = Annotated[str, typer.Option("--of-group", help="a dead letter of this group, as availability")]
Handler = Annotated[str, typer.Option(help="a dead letter of this handler")]


def selection(  # one for each option
    topics: list[str],
    partitions: list[int] | None,
    first: int | None,
    end: int | None,
    since: datetime | None,
    until: datetime | None,
    keys: list[str] | None,
    types: list[str] | None,
    fields: list[str] | None,
    headers: list[str] | None,
    trace: str,
    correlation: str,
    reason: str = "",
    group: str = "",
    handler: str = "",
) -> Selection:
    """Raises Unselectable."""
    of_fields, of_headers = (tuple(parsed_condition(text) for text in texts or ()) for texts in (fields, headers))
    where = Where(tuple(keys or ()), tuple(types or ()), of_fields, of_headers, trace, correlation, reason, named(group), handler)
    return checked(Selection(tuple(topics), tuple(partitions or ()), first, end, _ms(since), _ms(until), where))


@contextmanager
def desk() -> Iterator[Desk]:
    """On the servers that the environment names. Raises InvalidSettings."""
    names = environment()
    caps, brokers = Caps.from_environment(names), required("brokers", None, names)
    registry = Registry(required("registry", None, names))
    try:
        keep_traces_if_wanted("bookly-console")
        yield Desk(brokers, Decoding(registry), caps)
    finally:
        registry.close()


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, where that is a terminal; it is told by how much it went on."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda by: bar.advance(task, by)


def told(value: Any) -> None:
    """One line of JSON on stdout; in keys that are no UTF-8, bytes are surrogates (PEP 383), as in arguments."""
    sys.stdout.write(json.dumps(msgspec.to_builtins(value)) + "\n")


def say(sentence: str, *, err: bool = False) -> None:
    """As it is, but for what steers a terminal: a key may look like markup."""
    Console(stderr=err).print(printable(sentence), markup=False, emoji=False, highlight=False)


def _ms(at: datetime | None) -> int | None:
    return None if at is None else milliseconds(at)

"""`python -m api lag | table | parked | release`: what the agents keep, for people and for scripts; `serve`: for everybody who
may; `cache-report`: how the caches fare; `reports`: what planners ask.
"""

from __future__ import annotations

import getpass
import json
import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from api.cache_report.command import cache_report
from api.cache_report.errors import NotRead
from api.environment import environment
from api.http.command import keys, serve
from api.lag import LagReader
from api.parking import Changed, NothingWaits, NotObeyed, first_of, read_parked, release, spelled
from api.reports.command import reports
from api.reports.writing import NotWritten
from api.showing import show
from api.tables import UnknownTable, known_tables, read_rows
from bookly.errors import BooklyError
from bookly.settings import required

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="What the agents keep. --json prints one JSON object a line on stdout, as `table` always does.",
)
app.command()(serve)
app.add_typer(keys, name="key")
app.command(name="cache-report")(cache_report)
app.add_typer(reports, name="reports")
Json = Annotated[bool, typer.Option("--json", help="one JSON object a line")]
READS = {  # as topics/ says: a test holds the two together, for the edge does without them
    "auth": ("auth",),
    "resources": ("resources", "availability", "stockpile"),
    "availability": ("auth", "resources", "availability", "stockpile"),
    "stockpile": ("auth", "availability", "stockpile"),
    "reports": ("auth", "resources", "availability", "stockpile"),
}


@app.command()
def lag(domain: Annotated[str, typer.Argument(help="one group; default: all")] = "", as_json: Json = False) -> None:
    """How many records each group, or that of DOMAIN, is behind, by topic and partition. Exit code 1 when anybody is."""
    if domain not in ("", *READS):
        raise _no_domain(domain)
    reader = LagReader(_brokers())
    found = [
        one
        for name in ([domain] if domain else READS)
        for one in reader.read(f"bookly-{name}", [f"bookly.{topic}" for topic in READS[name]])
    ]
    rows = (
        {"group": o.group, "topic": o.topic, "partition": o.partition, "committed": o.committed, "end": o.end, "lag": o.messages}
        for o in found
    )
    show("lag", rows, as_json=as_json)
    raise typer.Exit(1 if any(one.messages for one in found) else 0)


@app.command()
def table(
    domain: str,
    name: str,
    key: Annotated[str, typer.Option(help="one row; default: all")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="they are JSON in any case")] = True,  # noqa: ARG001  # for scripts
) -> None:
    """Rows of a table as JSON lines: DOMAIN NAME, for example: availability reservations."""
    rows = [(row_key, row) for row_key, row in read_rows(_brokers(), domain, name) if key in ("", row_key)]
    if key and not rows:
        raise UnknownTable(f"{domain}.{name} has no row {key!r}")
    for row_key, row in rows:
        sys.stdout.write(json.dumps({"key": row_key, **row}) + "\n")


@app.command()
def parked(domain: str, key: Annotated[str, typer.Option(help="one key; default: all")] = "", as_json: Json = False) -> None:
    """Events of DOMAIN that wait behind one of their key that failed. Exit code 1 when there are any."""
    found = read_parked(_brokers(), _known(domain), key or None)
    rows = (
        {
            "key": o.key if as_json else spelled(o.key),
            "sequence": o.sequence if as_json else str(o.sequence),  # as --skip takes it
            "event": o.event,
            "topic": o.topic,
            "partition": o.partition,
            "offset": o.offset,
            "failed": o.attempt,
        }
        for o in found
    )
    show("parked", rows, as_json=as_json)
    raise typer.Exit(1 if found else 0)


@app.command(name="release")
def release_key(
    domain: str,
    key: str,
    skip: Annotated[
        int | None,
        typer.Option(metavar="SEQUENCE", help="give this failed event (see parked) up for good; it stays in the dead letters"),
    ] = None,
    by: Annotated[str, typer.Option(help="who wants it, for the log; default: the user of this process")] = "",
    as_json: Json = False,
) -> None:
    """Try what waits of KEY in DOMAIN again, in order. Exit code 1 when some of it still waits, 2 when nothing was done."""
    head = first_of(_brokers(), _known(domain), key)
    if skip not in (None, head.sequence):
        raise Changed(domain, head)
    left = release(_brokers(), domain, head, by=by or _user(), skip=skip is not None)
    if as_json:
        sys.stdout.write(json.dumps({"key": key, "waiting": len(left)}) + "\n")
    elif left:
        failed = f"{left[0].event} with sequence {left[0].sequence} (offset {left[0].offset}) failed"
        _say(f"{spelled(key)}: {failed}; {len(left)} wait. See the dead letters.")
    else:
        _say(f"{spelled(key)} flows again")
    raise typer.Exit(1 if left else 0)


def _known(domain: str) -> str:
    """One of ours, or of any group that keeps tables on this broker."""
    if domain not in READS:
        others = {named.partition(" ")[0] for named in known_tables(_brokers()).values()}
        if domain not in others:
            raise _no_domain(domain, *others)
    return domain


def _no_domain(domain: str, *others: str) -> typer.BadParameter:
    return typer.BadParameter(f"there is no domain {domain!r}; there are: {', '.join(dict.fromkeys((*READS, *others)))}")


def _user() -> str:
    """Its name, or its number: in a container it need have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _say(sentence: str) -> None:
    Console().print(sentence, markup=False, emoji=False)  # a key may look like either


def _brokers() -> str:
    return required("brokers", None, environment())


def main() -> None:
    """Errors are sentences on stderr, with exit code 2."""
    try:
        app()
    except (BooklyError, UnknownTable, NothingWaits, NotObeyed, Changed, NotRead, NotWritten) as error:
        sys.stderr.write(f"api: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()

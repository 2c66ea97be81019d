"""`python -m api lag | table`: what the agents keep, for people and for scripts; `dead`, `replay`, `reset`, `audit`: the console;
`serve`: for everybody who may; `cache-report`: how the caches fare; `reports`: what planners ask.
"""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from api.cache_report.command import cache_report
from api.cache_report.errors import NotRead
from api.console.commands.looking import find, groups, life, look, topics
from api.console.commands.mending import dead
from api.console.commands.replaying import replay
from api.console.commands.setting import audit, reset
from api.environment import environment
from api.groups import READS
from api.http.command import keys, serve
from api.lag import LagReader
from api.reports.command import reports
from api.reports.writing import NotWritten
from api.showing import show
from api.tables import UnknownTable, read_rows
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
app.add_typer(dead, name="dead")
app.add_typer(replay, name="replay")
app.add_typer(audit, name="audit")
app.command()(reset)
for command in (topics, groups, find, look, life):
    app.command()(command)
Json = Annotated[bool, typer.Option("--json", help="one JSON object a line")]


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


def _no_domain(domain: str, *others: str) -> typer.BadParameter:
    return typer.BadParameter(f"there is no domain {domain!r}; there are: {', '.join(dict.fromkeys((*READS, *others)))}")


def _brokers() -> str:
    return required("brokers", None, environment())


def main() -> None:
    """Errors are sentences on stderr, with exit code 2."""
    try:
        app()
    except (BooklyError, NotRead, NotWritten) as error:
        sys.stderr.write(f"api: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()

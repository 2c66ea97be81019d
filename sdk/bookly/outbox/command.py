"""`python -m bookly.outbox`: the relay, and what people ask of an outbox."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from prometheus_client import CollectorRegistry, start_http_server
from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from bookly.errors import BooklyError, InvalidSettings
from bookly.outbox import queries
from bookly.outbox.metrics import Metrics
from bookly.outbox.relay import Relay
from bookly.outbox.settings import database_from, database_url
from bookly.outbox.tables import METADATA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

LATE, UNUSABLE = 1, 2  # exit codes; 0 is well

app = typer.Typer(
    help="An outbox: BOOKLY_OUTBOX_DATABASE (or _FILE) says which. Exit code 2: it could not be asked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local values would show the database's password
)


@app.command()
def relay(
    keep: Annotated[float, typer.Option(help="seconds that published events stay in the table", min=0)] = 0.0,
    hold: Annotated[float, typer.Option(help="seconds after which a held key is tried again", min=1)] = 60.0,
    lease: Annotated[float, typer.Option(help="seconds after which a halted relay's keys are another's", min=1)] = 10.0,
    metrics_port: Annotated[int, typer.Option(help="Prometheus metrics, on loopback; 0 for none", min=0, max=65535)] = 0,
    metrics_host: Annotated[str, typer.Option(help="where else they are served")] = "127.0.0.1",
) -> None:
    """Publish the outbox until SIGTERM (exit 0). BOOKLY_BROKERS and BOOKLY_REGISTRY say where to. Any number may run at once."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("bookly").setLevel(logging.INFO)
    logging.getLogger("bookly.kafka").setLevel(logging.CRITICAL)  # says twenty times a second what our own lines say once
    with _sentences():
        running = Relay(database_from(os.environ), keep_s=keep, hold_s=hold, lease_s=lease, source="outbox-relay")
        if metrics_port:
            registry = CollectorRegistry()
            registry.register(Metrics(running.figures))
            try:
                start_http_server(metrics_port, metrics_host, registry)
            except OSError as error:
                where = f"{metrics_host}:{metrics_port}"
                raise InvalidSettings(f"Nothing can listen on {where} ({error.strerror}). Give each relay a port.") from None
        asyncio.run(_until_stopped(running))


async def _until_stopped(running: Relay) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await running.run(stop)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    max_age: Annotated[float, typer.Option(help="seconds that the oldest event may have waited", min=0)] = 300.0,
) -> None:
    """Say how much waits, how old it is, and which keys are held and why. Exit code 1: too old, or a key is held."""
    with _asking() as connection:
        measured, held = queries.measure(connection), queries.held(connection)
    if as_json:
        typer.echo(json.dumps({**measured._asdict(), "held": [one._asdict() for one in held]}))
    else:
        typer.echo(f"{measured.size:,} events wait, the oldest for {measured.age_s:,.1f} s; {measured.held:,} keys are held")
        for one in held:
            typer.echo(f"held with {one.waiting:,} events: {one.event_type} {one.event_id}, key {one.key}\n    {one.reason}")
    raise typer.Exit(LATE if held or measured.age_s > max_age else 0)


@app.command()
def retry() -> None:
    """Have all held keys tried again now, after what held them was mended."""
    with _asking() as connection:
        count = queries.retry(connection)
    typer.echo(f"{count:,} keys are tried again")


@app.command()
def drop(event_id: Annotated[str, typer.Argument(help="as `status` shows it")]) -> None:
    """Give up a held event for good; its key goes on with the next. Exit code 1: none with this id is held."""
    with _asking() as connection:
        count = queries.drop(connection, event_id)
    typer.echo(f"{event_id} is given up" if count else f"no held event has the id {event_id}")
    raise typer.Exit(0 if count else LATE)


@app.command()
def create() -> None:
    """Make the tables where they are missing: for services that keep no migrations."""
    with _connected() as connection:
        METADATA.create_all(connection)


@contextmanager
def _asking() -> Iterator[Connection]:
    """A transaction in the outbox's database, whose tables are there."""
    with _connected() as connection:
        queries.refuse_missing(connection)
        yield connection


@contextmanager
def _connected() -> Iterator[Connection]:
    with _sentences():
        engine = create_engine(database_url(database_from(os.environ)), poolclass=NullPool)
        with engine.begin() as connection:
            yield connection


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except BooklyError as error:
        typer.echo(f"bookly: {error}", err=True)
    except DBAPIError as error:
        typer.echo(f"bookly: the outbox's database could not be asked: {error.orig}", err=True)
    else:
        return
    raise typer.Exit(UNUSABLE)

"""`python -m contracts generate | check | export-eventcatalog | compile | provision`."""

from __future__ import annotations

import os
import sys
from pathlib import Path  # typer reads the annotation
from typing import Annotated

import typer

from bookly.errors import BooklyError
from contracts.errors import ContractError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="From schemas/ and topics/ to code, documents, topics and subjects."
)


@app.command()
def generate() -> None:
    """Regenerate classes, codec, documents. A schema that changed compatibly becomes a version, any other is refused."""
    from contracts.documents import Reactions, render_documents  # noqa: PLC0415  # each command loads what it needs
    from contracts.generation import RECORDS, render_all, write  # noqa: PLC0415
    from contracts.history import extend  # noqa: PLC0415

    written = [*extend(), *write(render_all())]
    written += write(render_documents(Reactions.declared()))  # after the code that the agents import
    for path in written:
        typer.echo(f"wrote {path}")
    if any(path.is_relative_to(RECORDS) for path in written):
        typer.echo("the codec runs interpreted until you compile it again: python -m contracts compile", err=True)


@app.command()
def check() -> None:
    """Fail when a generated file or the history is not what the contracts say, and name the command that mends it."""
    from contracts.documents import Reactions, render_documents  # noqa: PLC0415
    from contracts.examples import refuse_bad_examples  # noqa: PLC0415
    from contracts.generation import render_all, stale  # noqa: PLC0415
    from contracts.history import unrecorded  # noqa: PLC0415
    from contracts.topics import load_events  # noqa: PLC0415

    refuse_bad_examples(load_events())
    changed = [f"schemas/{event.domain}/{event.stem}.avsc" for event in unrecorded(load_events())]
    found = [f"{path} has no version in the history" for path in changed]
    code = stale(render_all())
    paths = code or stale(render_documents(Reactions.declared()))  # the agents may not even load with stale code
    found += [f"{path} is not what schemas/, topics/, agents/ and ops/ say" for path in paths]
    for sentence in found:
        typer.echo(f"{sentence}; run: make contracts", err=True)
    if found:
        raise typer.Exit(1)


@app.command("export-eventcatalog")
def export_catalog(to: Annotated[Path, typer.Option(help="an empty folder, or one that is not there yet")]) -> None:
    """Write all domains, services, channels and events as an EventCatalog (eventcatalog.dev) that can be looked at."""
    from contracts.documents import Reactions  # noqa: PLC0415
    from contracts.eventcatalog import export_eventcatalog  # noqa: PLC0415

    typer.echo(f"wrote {export_eventcatalog(to, Reactions.declared())} files into {to}", err=True)


@app.command("compile")
def compile_codec() -> None:
    """Compile the codec by mypyc where a C compiler is found; without one it is as right and slower."""
    from contracts.compilation import compile_records  # noqa: PLC0415

    typer.echo(compile_records(), err=True)


@app.command()
def provision(
    brokers: Annotated[
        str, typer.Option(envvar="BOOKLY_BROKERS", help="host:port, comma-separated; default: the running stack")
    ] = "",
    registry: Annotated[
        str, typer.Option(envvar="BOOKLY_REGISTRY", help="Confluent-compatible URL; default: the running stack")
    ] = "",
    replication: Annotated[
        int | None, typer.Option(min=1, help="copies of each partition; without it one on each broker, three at most")
    ] = None,
    lower_retention: Annotated[
        bool, typer.Option("--lower-retention", help="let the broker delete what the contracts keep no longer")
    ] = False,
) -> None:
    """Create topics and register schemas that are missing; change settings of topics that the contracts state otherwise.

    Where the broker has an authorizer, each service's principal gets the rights that the contracts call for and loses others.

    Doing it twice changes nothing. A shorter retention deletes records, so it is refused without its option.
    """
    from agents import changelogs  # noqa: PLC0415
    from contracts.broker import provision_broker  # noqa: PLC0415
    from contracts.granting import grant  # noqa: PLC0415
    from contracts.registry import provision_registry  # noqa: PLC0415

    if not (brokers and registry):
        from stack import Stack  # noqa: PLC0415

        stack = Stack.attach(".")
        brokers, registry = brokers or stack.brokers, registry or str(stack.registry)
        os.environ.update(stack.secrets.environment("provisioning") if stack.secrets else {})
    created, changed = provision_broker(brokers, changelogs(), replication=replication, lower_retention=lower_retention)
    granted = grant(brokers, [name for name, _, _ in changelogs()])
    ids = provision_registry(registry)
    if granted is not None:
        typer.echo(f"rights: {granted.given} given, {granted.taken} taken", err=True)
    for change in changed:
        typer.echo(f"changed {change}", err=True)
    versions = sum(map(len, ids.values()))
    typer.echo(f"{len(created)} topics created; the registry holds {len(ids)} subjects, {versions} versions", err=True)


def main() -> None:
    """Errors of the contracts and of the servers are sentences, with exit code 2."""
    from stack.errors import StackError  # noqa: PLC0415

    try:
        app()
    except (ContractError, BooklyError, StackError) as error:
        typer.echo(f"contracts: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()

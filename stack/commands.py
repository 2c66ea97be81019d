"""The commands up, status, env, down, prepare and lock. Results go to stdout, progress and errors to stderr."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from shlex import quote
from types import FrameType
from typing import Annotated

import typer

from stack import state
from stack.cluster import Cluster
from stack.errors import ServerDied, StackError
from stack.local import Stack, to_stderr
from stack.secrets import ADMIN
from stack.server import STOP_DEADLINE
from stack.training import prepare as prepare_servers

Directory = Annotated[Path, typer.Option(help="The checkout; data and logs are in its .stack folder.")]
BrokerPort = Annotated[
    int | None, typer.Option(envvar="BOOKLY_STACK_BROKER_PORT", help="Without it, a free one.", min=1024, max=65535)
]
RegistryPort = Annotated[int | None, typer.Option(envvar="BOOKLY_STACK_REGISTRY_PORT", help="Likewise.", min=1024, max=65535)]
RedisPort = Annotated[int | None, typer.Option(envvar="BOOKLY_STACK_REDIS_PORT", help="Likewise.", min=1024, max=65535)]

HERE = Path()
_POLL = 0.2
_AGAIN_S = 10.0  # time enough to see how the others fare without it
app = typer.Typer(help="The local servers: Kafka, Apicurio Registry and Valkey.", no_args_is_help=True, add_completion=False)


class _Stopped(BaseException):
    """Ctrl-C or SIGTERM, wherever it came in."""


def _stopping(_number: int, _frame: FrameType | None) -> None:
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)  # the clean stop is under way; a second Ctrl-C would only spoil it
    raise _Stopped


@app.command()
def up(
    directory: Directory = HERE,
    broker_port: BrokerPort = None,
    registry_port: RegistryPort = None,
    redis_port: RedisPort = None,
    cluster: Annotated[
        bool,
        typer.Option("--cluster", help="Three brokers, a Redis Cluster of six; new data each time."),
    ] = False,
    secure: Annotated[bool, typer.Option("--secure", help="TLS, and a name for everybody.")] = False,
) -> None:
    """Start the servers, print where they are, and run until Ctrl-C or SIGTERM."""
    from contracts.acls import PRINCIPALS  # noqa: PLC0415  # only here

    asked = {"broker": broker_port, "registry": registry_port, "redis": redis_port}
    chosen = {name: port for name, port in asked.items() if port is not None}
    if cluster and chosen:
        raise typer.BadParameter("a cluster takes free ports: leave the port options and BOOKLY_STACK_*_PORT out")
    if cluster and secure:
        raise typer.BadParameter("a cluster is plain here: choose one of --cluster and --secure")
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _stopping)
    try:
        with (
            Cluster.start(directory)
            if cluster
            else Stack.start(directory, ports=chosen, principals=PRINCIPALS if secure else ()) as stack
        ):
            for line in environment(stack):
                typer.echo(line)
            to_stderr("running; Ctrl-C stops it")
            _watch(stack)
    except _Stopped:
        to_stderr("stopped; the data is kept")


def environment(stack: Stack, principal: str = ADMIN) -> list[str]:
    """The addresses as the settings of every part of Bookly, to be sourced by a shell; with files for passwords, and none."""
    found = {"BOOKLY_BROKERS": stack.brokers, "BOOKLY_REGISTRY": str(stack.registry), "BOOKLY_REDIS": str(stack.redis)}
    found |= stack.secrets.environment(principal) if stack.secrets is not None else {}
    return [f"{name}={quote(value)}" for name, value in found.items()]


@app.command()
def env(
    directory: Directory = HERE,
    who: Annotated[str, typer.Option("--as", help="On secured servers: the principal; by default, the administrator.")] = ADMIN,
) -> None:
    """Print the addresses as export lines: eval "$(python -m stack env)". Exits with 1 where no stack runs."""
    from contracts.acls import PRINCIPALS  # noqa: PLC0415  # as above

    stack = Stack.attach(directory)
    if stack.secrets is None and who != ADMIN:
        raise typer.BadParameter("this stack believes everybody: leave --as out, or start it with --secure", param_hint="--as")
    if stack.secrets is not None and who not in (*PRINCIPALS, ADMIN):
        raise typer.BadParameter(f"{who} is no principal: {', '.join((*PRINCIPALS, ADMIN))}", param_hint="--as")
    for line in environment(stack, who):
        typer.echo(f"export {line}")


def _watch(stack: Stack) -> None:
    """Until a server ends by itself. One that has copies is missed by nobody, and is started again after a while."""
    again: dict[str, float] = {}
    while True:
        for name, server in stack.servers.items():
            if server.is_alive():
                again.pop(name, None)
            elif not stack.has_copies(name):
                raise ServerDied(server.obituary())
            elif name not in again:
                again[name] = time.monotonic() + _AGAIN_S
                to_stderr(f"{name} has ended: the others go on, and it is started again in {_AGAIN_S:g} s")
            elif time.monotonic() > again[name]:
                server.start(wait=False)
                to_stderr(f"{name} is started again")
        time.sleep(_POLL)


@app.command()
def status(
    directory: Directory = HERE,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say where the servers of this directory are. Exits with 1 where none run."""
    found = state.running(state.stack_directory(directory))
    if as_json:
        typer.echo(json.dumps({"running": False} if found is None else {"running": True, **found}))
    elif found is None:
        typer.echo(f"No stack runs in {directory.absolute()}.")
    else:
        for line in environment(Stack.attach(directory)):
            typer.echo(line)
    raise typer.Exit(0 if found else 1)


@app.command()
def down(directory: Directory = HERE) -> None:
    """Stop the stack of this directory, wherever it was started. Nothing to stop is no error."""
    found = state.running(state.stack_directory(directory))
    if found is None:
        to_stderr(f"no stack runs in {directory.absolute()}")
        return
    os.kill(found["owner"], signal.SIGTERM)
    until = time.monotonic() + 3 * STOP_DEADLINE
    while state.is_alive(found, found["owner"]):
        if time.monotonic() > until:
            raise StackError(
                f"Process {found['owner']} did not stop its servers: see {directory.absolute()}/.stack/logs, then kill it."
            )
        time.sleep(_POLL)
    to_stderr("stopped; the data is kept")


@app.command()
def prepare() -> None:
    """Download the servers and have their later starts be fast: once for a user, at set-up."""
    prepare_servers(to_stderr)


@app.command()
def lock() -> None:
    """Resolve the servers' files anew and write jars.lock: after a change of a version in settings.py."""
    from stack.maven import write_lock  # noqa: PLC0415  # only here

    write_lock(to_stderr)


def main() -> None:
    """Run a command; what may go wrong is a sentence on stderr and exit code 1."""
    try:
        app()
    except StackError as error:
        to_stderr(str(error))
        sys.exit(1)

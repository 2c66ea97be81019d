"""The commands up, status, down, prepare and lock. Results go to stdout, progress and errors to stderr."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Annotated

import psutil
import typer

from stack import state
from stack.errors import ServerDied, StackError
from stack.local import Stack, to_stderr
from stack.locking import write_lock
from stack.server import STOP_DEADLINE

Directory = Annotated[Path, typer.Option(help="The checkout; data and logs are in its .stack folder.")]
Port = Annotated[int | None, typer.Option(help="A fixed port; without it, a free one.", min=1024, max=65535)]

app = typer.Typer(
    help="The local stack: Kafka, Apicurio Registry and Valkey as plain processes.", no_args_is_help=True, add_completion=False
)
HERE = Path()


class _Stopped(BaseException):
    """Ctrl-C or SIGTERM, wherever it came in."""


def _stopping(number: int, frame: FrameType | None) -> None:
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)  # the clean stop is under way; a second Ctrl-C would only spoil it
    raise _Stopped


@app.command()
def up(
    directory: Directory = HERE,
    broker_port: Annotated[int | None, typer.Option(envvar="BOOKLY_BROKER_PORT", help="Else a free one.")] = None,
    registry_port: Annotated[int | None, typer.Option(envvar="BOOKLY_REGISTRY_PORT", help="Else a free one.")] = None,
    redis_port: Annotated[int | None, typer.Option(envvar="BOOKLY_REDIS_PORT", help="Else a free one.")] = None,
) -> None:
    """Start the servers, print where they are, and run until Ctrl-C or SIGTERM."""
    asked = {"broker": broker_port, "registry": registry_port, "redis": redis_port}
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _stopping)
    try:
        with Stack.start(directory, ports={name: port for name, port in asked.items() if port is not None}) as stack:
            for line in environment(stack):
                print(line, flush=True)
            to_stderr("running; Ctrl-C stops it")
            _watch(stack)
    except _Stopped:
        to_stderr("stopped; the data is kept")


def environment(stack: Stack) -> list[str]:
    """The addresses as the settings of every part of Bookly, to be sourced by a shell."""
    return [f"BOOKLY_BROKERS={stack.brokers}", f"BOOKLY_REGISTRY={stack.registry}", f"BOOKLY_REDIS={stack.redis}"]


def _watch(stack: Stack) -> None:
    while True:
        for server in stack.servers.values():
            if not server.is_alive:
                raise ServerDied(server.obituary())
        time.sleep(0.5)


@app.command()
def status(
    directory: Directory = HERE,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say where the servers of this directory are. Exits with 1 where none run."""
    found = state.running(state.stack_directory(directory))
    if as_json:
        print(json.dumps({"running": False} if found is None else {"running": True, **found}))
    elif found is None:
        print(f"No stack runs in {directory.absolute()}.")
    else:
        for line in environment(Stack.attach(directory)):
            print(line)
    raise typer.Exit(0 if found else 1)


@app.command()
def down(directory: Directory = HERE) -> None:
    """Stop the stack of this directory, wherever it was started. Nothing to stop is no error."""
    found = state.running(state.stack_directory(directory))
    if found is None:
        to_stderr(f"no stack runs in {directory.absolute()}")
        return
    owner = psutil.Process(found["owner"])
    owner.terminate()
    try:
        owner.wait(3 * STOP_DEADLINE)
    except psutil.TimeoutExpired:
        raise StackError(
            f"Process {owner.pid} did not stop its servers: look in {directory.absolute()}/.stack/logs, then kill it."
        ) from None
    to_stderr("stopped; the data is kept")


@app.command()
def lock() -> None:
    """Resolve the servers' files anew and write jars.lock: after a change of a version in settings.py."""
    write_lock(to_stderr)


def main() -> None:
    """Run a command; what may go wrong is a sentence on stderr and exit code 1."""
    try:
        app()
    except StackError as error:
        print(f"stack: {error}", file=sys.stderr)
        sys.exit(1)

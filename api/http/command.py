"""`python -m api serve` and `key new`. They import what they need when they run: other commands need no web server."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.environment import environment

keys = typer.Typer(no_args_is_help=True, help="API keys, for services that have no user's token.")


def serve(
    host: Annotated[str, typer.Option(help="an address of this machine; the default is reached from here alone")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535)] = 8000,
) -> None:
    """Serve the HTTP API until SIGTERM (exit 0). Its settings come from the environment: docs/api.md."""
    from api.http.serving import serve as serve_until_sigterm  # noqa: PLC0415
    from api.http.settings import ApiSettings  # noqa: PLC0415

    serve_until_sigterm(ApiSettings.from_environment(environment("api")), host, port)


@keys.command(name="new")
def new_api_key(
    name: Annotated[str, typer.Option(help="the service that will use it")],
    permission: Annotated[list[str], typer.Option(help="what it may; once for each (docs/api.md)")],
    file: Annotated[Path | None, typer.Option(help="where hashes are kept; default: BOOKLY_API_KEYS")] = None,
) -> None:
    """Make a key and print it, this once: the file keeps its hash. To revoke it take its entry out of the file."""
    from api.http.security.keys import new_key  # noqa: PLC0415

    path = file or os.environ.get("BOOKLY_API_KEYS")
    if not path:
        raise typer.BadParameter("say where keys are kept: --file, or BOOKLY_API_KEYS")
    sys.stdout.write(new_key(Path(path), name, permission) + "\n")


@keys.callback()
def _keys() -> None:
    """Makes `new` a command of its own: typer folds a group of one."""

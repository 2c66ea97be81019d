"""`python -m agents <domain>`: one worker of one domain. More load is more of these, up to one a partition."""

from __future__ import annotations

from typing import Annotated

import typer

from agents import NAMES, domains
from agents.domain import DomainError
from agents.engine.settings import WorkerSettings
from agents.engine.worker import run_worker
from agents.environment import environment
from bookly.errors import BooklyError
from bookly.settings import Settings


def main(
    domain: Annotated[str, typer.Argument(help="auth, resources, availability, stockpile or reports")],
) -> None:
    """Run a worker of DOMAIN's consumer group until SIGTERM (exit 0).

    BOOKLY_BROKERS, BOOKLY_REGISTRY and BOOKLY_REDIS say where; without them, the stack that runs in this directory.
    BOOKLY_HEALTH, BOOKLY_QUERIES, BOOKLY_FUSE and others: docs/operations.md, with what each exit code means.
    """
    if domain not in NAMES:
        raise typer.BadParameter(f"there is no domain {domain!r}; choose one of {', '.join(NAMES)}")
    try:
        environ = environment(domain)
        run_worker(domains()[domain], Settings.from_environment(environ), WorkerSettings.from_environment(environ))
    except (BooklyError, DomainError) as error:
        typer.echo(f"bookly: {error}", err=True)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    typer.run(main)

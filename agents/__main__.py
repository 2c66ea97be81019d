"""`python -m agents <domain>`: one worker of one domain. More load is more of these, up to one a partition."""

from __future__ import annotations

from typing import Annotated

import typer

from agents import domains
from agents.engine.worker import run_worker
from bookly.errors import BooklyError
from bookly.settings import Settings


def main(
    domain: Annotated[str, typer.Argument(help="auth, resources, availability, stockpile or reports")],
) -> None:
    """Run a worker of DOMAIN's consumer group until SIGTERM (exit 0). Needs BOOKLY_BROKERS, BOOKLY_REGISTRY and BOOKLY_REDIS."""
    known = domains()
    if domain not in known:
        raise typer.BadParameter(f"there is no domain {domain!r}; choose one of {', '.join(known)}")
    try:
        run_worker(known[domain], Settings.from_environment())
    except BooklyError as error:
        typer.echo(f"bookly: {error}", err=True)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    typer.run(main)

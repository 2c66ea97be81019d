"""The command `cache-report`."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer

Addresses = list[str]


def cache_report(
    edge: Annotated[Addresses, typer.Option(envvar="BOOKLY_METRICS_EDGES", help="an edge, http://host:port; all of them")],
    worker: Annotated[
        Addresses | None,
        typer.Option(envvar="BOOKLY_METRICS_WORKERS", help="a worker's BOOKLY_HEALTH, http://host:port; all of them"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """How each type of cache entries fares, and the time to live that its figures speak for.

    BOOKLY_METRICS_KEY: a key that may metrics:read. Exit code 2 when an address gives no figures.
    """
    from api.cache_report.figures import read_pages  # noqa: PLC0415  # the other commands need no client
    from api.cache_report.printing import print_report  # noqa: PLC0415
    from api.cache_report.scraping import KEY, scrape  # noqa: PLC0415
    from bookly.cache import TYPES  # noqa: PLC0415

    pages = asyncio.run(scrape(edge, worker or [], os.environ.get(KEY)))
    print_report(read_pages(pages), TYPES.values(), as_json=as_json)

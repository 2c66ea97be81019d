"""The pages of edges and workers, side by side. Only edges are shown the key, and nobody is whom they redirect to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import ClientError, ClientSession, ClientTimeout
from yarl import URL

from api.cache_report.errors import NotRead
from api.cache_report.figures import MOVED, READS, families

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PATIENCE_S = 10.0
KEY = "BOOKLY_METRICS_KEY"


async def scrape(edges: Iterable[str], workers: Iterable[str], key: str | None) -> list[str]:
    """The pages, or NotRead that names all addresses which gave none. An address without a path is asked for `/metrics`."""
    headers = {"X-API-Key": key} if key else {}
    async with ClientSession(timeout=ClientTimeout(PATIENCE_S)) as session:
        found = await asyncio.gather(
            *(_page(session, address, headers, READS) for address in edges),
            *(_page(session, address, {}, MOVED) for address in workers),
            return_exceptions=True,
        )
    if missing := [str(each) for each in found if isinstance(each, NotRead)]:
        raise NotRead(" ".join(missing))
    for each in found:
        if isinstance(each, BaseException):
            raise each
    return [each for each in found if isinstance(each, str)]


async def _page(session: ClientSession, address: str, headers: Mapping[str, str], wanted: str) -> str:
    url = URL(address)
    if url.scheme not in {"http", "https"} or not url.host:
        raise NotRead(f"{url.with_user(None) if url.host else 'An address'} is no URL: give http://host:port.")
    url = url.with_path("/metrics") if url.path in {"", "/"} else url
    named = url.with_user(None)  # a password is nobody's business
    try:
        async with session.get(url, headers=headers, allow_redirects=False) as answer:
            status, page = answer.status, await answer.text()
    except (ClientError, TimeoutError, UnicodeDecodeError) as error:
        raise NotRead(f"{named} does not answer ({type(error).__name__}).") from error
    if status in {401, 403}:
        raise NotRead(f"{named} wants a key that may metrics:read: set {KEY} (`python -m api key new` makes one).")
    if status != 200:
        raise NotRead(f"{named} answers {status}.")
    try:
        known = families(page)
    except ValueError:
        raise NotRead(f"{named} gives no page of metrics.") from None
    if wanted not in known:
        whose = "an edge" if wanted == READS else "a worker that has begun"
        raise NotRead(f"{named} is not the page of {whose}.")
    return page

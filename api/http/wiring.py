"""The real ones, opened on one screen: workers, caches, producer, keys, feed."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from api.console.audit import Trail
from api.console.decoding import Decoding
from api.console.desk import Desk
from api.http.live.feed import Feed
from api.http.live.hub import Hub
from api.http.ports import Edge
from api.http.problems import Failures, Unauthenticated, Unavailable
from api.http.reads.people import permissions_of
from api.http.security.areas import AREAS
from api.http.security.gate import Gate
from api.http.security.keys import ApiKeys
from api.http.security.keysets import FileSource, KeyRing, UrlSource, public_keys
from api.http.security.sessions import Sessions
from api.http.security.tokens import Tokens
from api.owners import NotAnswered, Owners
from bookly import Producer
from bookly.cache import Caches
from bookly.errors import CacheUnavailable, InvalidSettings, RevocationsForgotten
from bookly.registry import Registry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from api.http.settings import ApiSettings, Trust

FAILURES: Final[Failures] = {
    # what follows a colon in the reason names servers of ours
    NotAnswered: lambda error: Unavailable(f"{error.reason.partition(': ')[0]}. Ask again.", error.retry_after_s),
    CacheUnavailable: lambda _: Unavailable("Whether you may cannot be judged just now: what would tell is away.", 2),
    RevocationsForgotten: lambda _: Unauthenticated("Revocations were forgotten after the token was issued: get a new one."),
    InvalidSettings: lambda _: Unavailable("The API keys cannot be read just now.", 10),
}


@asynccontextmanager
async def open_edge(settings: ApiSettings) -> AsyncIterator[Edge]:
    """Everything that requests use, until the block ends. Raises BooklyError where a server does not answer."""
    servers, hub = settings.servers, Hub()
    keys, tokens = ApiKeys(settings.keys), _tokens(settings.trust)
    keys.check()
    registry = Registry(servers.registry)
    loop = asyncio.get_running_loop()
    feed = Feed(servers.brokers, registry, lambda messages: loop.call_soon_threadsafe(hub.tell, messages))
    async with (
        Owners(servers.brokers, settings.secret) as owners,
        Caches(servers.redis) as caches,
        Producer(source="api", brokers=servers.brokers, registry=servers.registry) as producer,
    ):
        gate = Gate(
            tokens,
            keys,
            caches.auth,
            partial(permissions_of, owners, caches.auth),
            settings.rate,
            [Sessions(area, keys, settings.secret) for area in AREAS],
        )
        feed.start()
        desk = Desk(servers.brokers, Decoding(registry), settings.caps)
        try:
            yield Edge(
                *(owners, caches, producer, gate, hub, desk, Trail(servers.brokers)),
                counts=lambda: caches.counts,
                unready=lambda: feed.unready,
            )
        finally:
            desk.close()
            await asyncio.to_thread(feed.close)
            registry.close()


def _refuse_unusable(source: FileSource) -> None:
    try:
        found = public_keys(source.path.read_bytes())
    except (OSError, ValueError) as error:
        raise InvalidSettings(f"BOOKLY_JWKS: {source.path} is no key set that can be read ({error}).") from None
    if not found:
        raise InvalidSettings(f"BOOKLY_JWKS: {source.path} has no key that signs tokens here: EC P-256 or RSA, with a kid.")


def _tokens(trust: Trust | None) -> Tokens | None:
    if trust is None:
        return None
    source: Any = UrlSource(trust.jwks)
    if "://" not in trust.jwks:
        source = FileSource(Path(trust.jwks))
        _refuse_unusable(source)
    return Tokens(KeyRing(source), issuer=trust.issuer, audience=trust.audience)

"""The whole app over stand-ins, and a client that may what it is asked to."""

from __future__ import annotations

from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from api.console.audit import Trail
from api.console.desk import Desk
from api.console.guards import Caps
from api.http.app import build
from api.http.live.hub import Hub
from api.http.ports import Edge
from api.http.problems import Failures, Unavailable
from api.http.reads.people import permissions_of
from api.http.security.areas import AREAS
from api.http.security.gate import Gate
from api.http.security.keys import ApiKeys
from api.http.security.keysets import KeyRing
from api.http.security.rates import Rate
from api.http.security.sessions import Sessions
from api.http.security.tokens import Tokens
from bookly import Producer
from bookly.errors import CacheUnavailable, InvalidSettings
from bookly.testing import NOWHERE, InMemoryBroker, InMemorySchemas
from tests.unit.api.http.rows import fill
from tests.unit.api.http.stand_ins import Away, Caches, Owners
from tests.unit.api.http.tokens import AUDIENCE, EC, ISSUER, RSA, Jwks, token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from fastapi import FastAPI

FAILURES: Failures = {
    Away: lambda error: Unavailable(error.reason, error.retry_after_s),
    CacheUnavailable: lambda error: Unavailable(str(error), 3),
    InvalidSettings: lambda _: Unavailable("The API keys cannot be read just now.", 10),
}


@dataclass
class World:
    """What a test looks at, and breaks."""

    key_file: Path
    owners: Owners = field(default_factory=Owners)
    caches: Caches = field(default_factory=Caches)
    broker: InMemoryBroker = field(default_factory=InMemoryBroker)
    schemas: InMemorySchemas = field(default_factory=InMemorySchemas)
    hub: Hub = field(default_factory=Hub)
    jwks: Jwks = field(default_factory=lambda: Jwks(EC, RSA))
    rate: Rate = field(default_factory=lambda: Rate(1_000_000))
    why: str | None = None
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Edge]:
        settings: Any = NOWHERE
        tokens = Tokens(KeyRing(self.jwks), issuer=ISSUER, audience=AUDIENCE)
        async with Producer(source="api", transport=self.broker, schemas=self.schemas, **settings) as producer:
            ask = partial(permissions_of, self.owners, self.caches.auth)
            keys = ApiKeys(self.key_file)
            sessions = [Sessions(area, keys, "a-secret-for-tests-only") for area in AREAS]
            gate = Gate(tokens, keys, self.caches.auth, ask, self.rate, sessions)
            nowhere = "127.0.0.1:9"
            decoding: Any = None  # no test of these reads a record
            desk, trail = Desk(nowhere, decoding, Caps()), Trail(nowhere)
            yield Edge(
                *(self.owners, self.caches, producer, gate, self.hub, desk, trail),
                counts=lambda: self.counts,
                unready=lambda: self.why,
            )

    def app(self) -> FastAPI:
        return build(self.open, FAILURES)


@pytest.fixture
def world(tmp_path: Path) -> World:
    found = World(tmp_path / "keys.json")
    fill(found.owners)
    return found


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with TestClient(world.app(), raise_server_exceptions=False) as client:
        yield client


def bearing(user_id: str, *permissions: str, **headers: str) -> dict[str, str]:
    """Headers of a user who may this."""
    return {"Authorization": f"Bearer {token(user_id, *permissions)}", **headers}

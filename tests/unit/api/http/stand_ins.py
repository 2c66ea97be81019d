"""In place of workers, Redis, broker and registry: rows in a dictionary, entries that go through JSON, a broker in memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from bookly.cache import TYPES, Loaded
from bookly.errors import CacheUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

VERSION = {"bookly.test": 7}


class Away(Exception):
    """What the real ones raise where nobody answers."""

    def __init__(self, reason: str, retry_after_s: float = 3.0) -> None:
        super().__init__(reason)
        self.reason, self.retry_after_s = reason, retry_after_s


@dataclass
class Answer:
    value: Any
    version: Mapping[str, int] = field(default_factory=lambda: VERSION)


@dataclass
class Answers:
    rows: list[tuple[str, Any]]
    more: bool


class Owners:
    """`tables["resources", "usage"]["room-1"] = {...}`. While `away` it answers nothing; `more`: an index has left rows out."""

    def __init__(self) -> None:
        self.tables: defaultdict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
        self.away = self.more = False
        self.asked: Counter[tuple[str, str, str]] = Counter()

    async def row(self, domain: str, table: str, key: str, *, routed_by: str) -> Answer:
        return await self.find(domain, table, key)

    async def find(self, domain: str, table: str, key: str) -> Answer:
        self._ask(domain, table, key)
        return Answer(self.tables[domain, table].get(key))

    async def rows(self, domain: str, table: str, *, where: Mapping[str, str] | None = None, limit: int | None = 1000) -> Answers:
        self._ask(domain, table, "*")
        found = self.tables[domain, table].items()
        matching = [(key, row) for key, row in found if all(row[name] == value for name, value in (where or {}).items())]
        return Answers(matching[:limit], self.more or (limit is not None and len(matching) > limit))

    async def between(
        self, domain: str, table: str, into: Callable[[], Any], *, since: int, until: int, of: str | None = None
    ) -> tuple[list[Any], Mapping[str, int]]:
        """Two partitions, which share the keys."""
        self._ask(domain, table, of or "*")
        sinks = [into(), into()]
        for number, (key, row) in enumerate(self.tables[domain, table].items()):
            entity, _, time = key.rpartition("|")
            if since <= int(time) < until and of in (None, entity):
                sinks[number % 2].add(key, row)
        return sinks, {"bookly.test/0": 7}

    def _ask(self, domain: str, table: str, key: str) -> None:
        if self.away:
            raise Away("the partition is being taken over")
        self.asked[domain, table, key] += 1


class Entries:
    """What was loaded is kept as JSON until the cache is cleared, and comes back as a value of its type."""

    def __init__(self, of: str) -> None:
        self.kept: dict[tuple[str, ...], bytes] = {}
        model: Any = getattr(TYPES[of], "model", Any)
        self._values: TypeAdapter[Any] = TypeAdapter(model | None)

    async def get_or_load(self, *parts: str, loader: Callable[[], Awaitable[Any]]) -> Any:
        if parts not in self.kept:
            found = await loader()
            value = self._values.validate_python(found.value if isinstance(found, Loaded) else found)
            self.kept[parts] = self._values.dump_json(value)
        return self._values.validate_json(self.kept[parts])


@dataclass
class Allowance:
    allowed: bool
    retry_after_s: float = 17.0


class Cache(dict[str, Entries]):
    """Entries of any type by attribute; hits and revocations; while `away`, these raise."""

    def __init__(self) -> None:
        super().__init__()
        self.hits: Counter[str] = Counter()
        self.revoked: set[str] = set()
        self.away = False

    def __getattr__(self, name: str) -> Entries:
        return self.setdefault(name, Entries(name))

    async def is_token_revoked(self, jti: str, *, issued_at: float | None = None) -> bool:
        if self.away:
            raise CacheUnavailable("a revocation", "redis is away")
        return jti in self.revoked

    async def hit_rate_limit(self, scope: str, id: str, *, limit: int, window_s: int) -> Allowance:  # noqa: A002
        if self.away:
            raise CacheUnavailable("a rate limit", "redis is away")
        self.hits[id] += 1
        return Allowance(self.hits[id] <= limit)


class Caches:
    def __init__(self) -> None:
        self.auth: Any = Cache()
        self.resources: Any = Cache()
        self.availability: Any = Cache()

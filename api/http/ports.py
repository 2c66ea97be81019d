"""What the edge needs of the other parts, as small as it needs it. The real ones are wired in wiring.py, and only there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from api.console.audit import Trail
    from api.console.desk import Desk
    from api.http.live.hub import Hub
    from api.http.security.areas import Area
    from api.http.security.permissions import Need
    from api.http.security.principals import Asker, Principal
    from api.spans import Sink
    from bookly import Producer

Kind = TypeVar("Kind", bound="Sink")


class Answer(Protocol):
    """A row as its owner has it; None: the owner says that there is none. `version`: offset by topic that it has applied."""

    @property
    def value(self) -> Any: ...
    @property
    def version(self) -> Mapping[str, int]: ...


class Answers(Protocol):
    """Keys and rows of all partitions, never of some. `more`: there are others that match, beyond the limit."""

    @property
    def rows(self) -> Sequence[tuple[str, Any]]: ...
    @property
    def more(self) -> bool: ...


class Owners(Protocol):
    """The workers that own the rows. All raise what stands for 503 when one that has to answer does not."""

    async def row(self, domain: str, table: str, key: str, *, routed_by: str) -> Answer: ...
    async def find(self, domain: str, table: str, key: str) -> Answer: ...
    async def between(
        self, domain: str, table: str, into: Callable[[], Kind], *, since: int, until: int, of: str | None = None
    ) -> tuple[list[Kind], Mapping[str, int]]: ...
    async def rows(
        self, domain: str, table: str, *, where: Mapping[str, str] | None = None, limit: int | None = ...
    ) -> Answers: ...


class Entries(Protocol):
    """One type of cache entries."""

    async def get_or_load(self, *parts: str, loader: Callable[[], Awaitable[Any]]) -> Any: ...


class Allowance(Protocol):
    @property
    def allowed(self) -> bool: ...
    @property
    def retry_after_s(self) -> float: ...


class AuthCache(Protocol):
    """The last two raise what stands for 503 while Redis is away: they fail closed."""

    @property
    def user(self) -> Entries: ...
    @property
    def roles(self) -> Entries: ...
    @property
    def permissions(self) -> Entries: ...
    async def is_token_revoked(self, jti: str, *, issued_at: float | None = None) -> bool: ...
    async def hit_rate_limit(self, scope: str, id: str, *, limit: int, window_s: int) -> Allowance: ...  # noqa: A002


class ResourcesCache(Protocol):
    @property
    def resource(self) -> Entries: ...
    @property
    def resource_status(self) -> Entries: ...
    @property
    def usage(self) -> Entries: ...
    @property
    def category(self) -> Entries: ...
    @property
    def categories(self) -> Entries: ...
    @property
    def list(self) -> Entries: ...
    @property
    def search(self) -> Entries: ...


class AvailabilityCache(Protocol):
    @property
    def availability(self) -> Entries: ...
    @property
    def schedule(self) -> Entries: ...
    @property
    def waitlist(self) -> Entries: ...
    @property
    def reservation(self) -> Entries: ...
    @property
    def user_reservations(self) -> Entries: ...
    @property
    def user_permissions(self) -> Entries: ...


class Caches(Protocol):
    @property
    def auth(self) -> AuthCache: ...
    @property
    def resources(self) -> ResourcesCache: ...
    @property
    def availability(self) -> AvailabilityCache: ...


class Gate(Protocol):
    """Raises Unauthenticated, Unavailable or TooMany."""

    async def principal(self, credential: str | None) -> Principal: ...
    async def session(self, credential: str, area: Area) -> str: ...
    async def admit(self, credential: str | None, need: Need) -> Asker:
        """Forbidden, too."""


@dataclass(frozen=True)
class Edge:
    """All that a request may use, opened when the process starts. `counts`: by cache type and outcome. `unready`: why, if so."""

    owners: Owners
    caches: Caches
    producer: Producer
    gate: Gate
    hub: Hub
    desk: Desk
    trail: Trail
    counts: Callable[[], Mapping[tuple[str, str], int]] = field(default=dict)
    unready: Callable[[], str | None] = field(default=lambda: None)

"""What auth's services keep: accounts, sessions and roles; and two things that Redis alone decides, at once for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from bookly.cache.group import Group
from bookly.cache.guards import CHECK, HIT, HITS, REVOCATIONS, REVOKE
from bookly.cache.server import AwayError
from bookly.cache.types import SESSIONS, TYPES, USER
from bookly.errors import CacheUnavailable, RevocationsForgotten

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from bookly.cache import values
    from bookly.cache.entries import Entries


LATEST = 1e11  # the year 5138; milliseconds of today are above it
LEEWAY_S = 60.0  # who judges a token may allow for clocks that differ, and it must not count again meanwhile


class Allowance(NamedTuple):
    """Whether a hit was allowed, how many are left, and in how many seconds there are some again (0: there are)."""

    allowed: bool
    remaining: int
    retry_after_s: float


class AuthCache(Group):
    """Entries go stale with events. Hits and revocations are no entries: nothing makes them stale, and without Redis
    CacheUnavailable is raised, so that nobody is let in by its absence.
    """

    SERVICE: ClassVar = "auth"

    session: Entries[values.Session]
    user_sessions: Entries[tuple[values.Session, ...]]
    token: Entries[values.AccessToken]
    revoked: Entries[values.Revocation]
    permissions: Entries[frozenset[str]]
    roles: Entries[frozenset[str]]
    user: Entries[values.User]
    two_factor: Entries[values.TwoFactor]
    rate_limit: Entries[values.RateLimit]

    async def invalidate_user(self, user_id: str) -> None:
        """All that shows the user, and all sessions and tokens of the user."""
        await self._make_stale(USER.tag(user_id), SESSIONS.tag(user_id))

    async def hit_rate_limit(self, scope: str, id: str, *, limit: int, window_s: float) -> Allowance:  # noqa: A002
        """Count a hit, unless `limit` of them were allowed since the window began: with the first one, for `window_s` seconds."""
        if limit < 1 or window_s <= 0:
            raise ValueError(f"a limit of {limit} in {window_s} s allows nothing: give one of at least 1 in more than 0 s")
        key = _hits(scope, id)
        window_ms = max(1, int(window_s * 1000))
        allowed, hits, left_ms = await self._decide("a rate limit", key, lambda redis: redis.eval(HIT, 1, key, limit, window_ms))
        remaining = max(0, limit - hits)
        return Allowance(bool(allowed), remaining, 0.0 if remaining else left_ms / 1000)

    async def reset_rate_limit(self, scope: str, id: str) -> None:  # noqa: A002
        """Forget the hits: the window begins anew with the next one."""
        key = _hits(scope, id)
        await self._decide("a rate limit", key, lambda redis: redis.delete(key))

    async def revoke_token(self, jti: str, expires_at: float) -> None:
        """From now on the token counts no longer. Remembered until it expires (seconds since 1970) and LEEWAY_S more, whatever is
        invalidated.
        """
        key, until = TYPES["revoked"].tags_of(_text(jti))[0], _moment(expires_at) + LEEWAY_S
        await self._decide("a revocation", REVOCATIONS, lambda redis: redis.eval(REVOKE, 1, REVOCATIONS, jti, until))
        await self._make_stale(key)

    async def is_token_revoked(self, jti: str, *, issued_at: float | None = None) -> bool:
        """Whether it was revoked. Given when it was issued (seconds since 1970), RevocationsForgotten is raised for a token
        that is older than Redis' memory: it was emptied since, and what was revoked before is not known.
        """
        known, issued = _text(jti), None if issued_at is None else _moment(issued_at)
        revoked, begun = await self._decide("a revocation", REVOCATIONS, lambda redis: redis.eval(CHECK, 1, REVOCATIONS, known))
        if not revoked and issued is not None and issued < float(begun):
            raise RevocationsForgotten
        return bool(revoked)

    async def _decide(self, what: str, key: str, command: Callable[[Any], Awaitable[Any]]) -> Any:
        try:
            return await self._deciding.call(key, command)
        except AwayError as error:
            raise CacheUnavailable(what, str(error)) from error


def _text(jti: object) -> str:
    if not isinstance(jti, str) or not jti:
        raise ValueError(f"jti is {jti!r}: it must be the token's id, a text")
    return jti


def _moment(at: object) -> float:
    """Raises ValueError for what would be forgotten at once, or never: no number, or one of milliseconds."""
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 <= at < LATEST:
        raise ValueError(f"{at!r} is no time of a token: give seconds since 1970, as its claims exp and iat are")
    return float(at)


def _hits(scope: str, identity: str) -> str:
    return HITS + TYPES["rate_limit"].key_of(scope, identity).removeprefix(TYPES["rate_limit"].key.partition("{")[0])

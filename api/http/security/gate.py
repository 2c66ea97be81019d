"""From what a caller shows to who it is, and whether it may go on: everything that is asked before a route's first line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from api.http.problems import Forbidden, TooMany, Unauthenticated
from api.http.security.keys import MARK
from api.http.security.principals import Asker, Principal
from api.http.security.rates import Limiter, Rate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from api.http.ports import AuthCache
    from api.http.security.areas import Area
    from api.http.security.keys import ApiKeys
    from api.http.security.permissions import Need
    from api.http.security.sessions import Sessions
    from api.http.security.tokens import Claims, Tokens


ENDED: Final = "The session has ended: sign in again."


def allowed(principal: Principal, need: Need) -> Asker:
    """Raises Forbidden."""
    if not need.met_by(principal.permissions):
        raise Forbidden(f"It needs {' or '.join((need.wide, *need.narrow))}.")
    return Asker(principal, need)


class Gate:
    """Tokens and keys, revocation, rate limit, permission, in this order. Where one cannot be judged, nobody passes: without
    Redis no token does, for only Redis knows which are revoked.
    """

    def __init__(
        self,
        tokens: Tokens | None,
        keys: ApiKeys,
        auth: AuthCache,
        permissions_of: Callable[[str], Awaitable[frozenset[str]]],
        rate: Rate,
        sessions: Sequence[Sessions],
    ) -> None:
        self._tokens, self._keys, self._auth, self._sessions = tokens, keys, auth, sessions
        self._permissions_of, self._limiter = permissions_of, Limiter(auth, rate)

    async def admit(self, credential: str | None, need: Need) -> Asker:
        """Raises Unauthenticated, Unavailable, TooMany or Forbidden."""
        return allowed(await self.principal(credential), need)

    async def principal(self, credential: str | None) -> Principal:
        """Who it is. Raises Unauthenticated, Unavailable or TooMany."""
        if not credential:
            raise Unauthenticated("Send a token or an API key, as `Authorization: Bearer ...`.")
        claims = await self._claims(credential)
        if (wait_s := await self._limiter.hit(claims.user_id)) is not None:
            raise TooMany(wait_s)
        if isinstance(claims, Principal):
            return claims
        found = await self._permitted(claims)
        of_token = next((each for each in self._sessions if credential.startswith(each.area.of_token)), None)
        return replace(found, permissions=found.permissions & of_token.area.needs) if of_token else found

    async def session(self, credential: str, area: Area) -> str:
        """What a browser shows from now on in place of a key or a token that was admitted. Raises as `principal`."""
        sessions = next(each for each in self._sessions if each.area == area)
        if (opened := sessions.opened(credential)) is not None:
            return opened
        claims = await self._claims(credential)
        return credential if isinstance(claims, Principal) else sessions.of(claims)

    async def _claims(self, credential: str) -> Principal | Claims:
        if credential.startswith(MARK):
            principal = self._keys.principal(credential)
            if principal is None:
                raise Unauthenticated("The API key is not known here, or was taken out.")
            return principal
        for sessions in self._sessions:
            if credential.startswith(sessions.area.of_key):
                if (signed_in := sessions.principal(credential)) is None:
                    raise Unauthenticated(ENDED)
                return signed_in
        if self._tokens is None:
            raise Unauthenticated("Tokens are not taken here (BOOKLY_JWKS is not set): use an API key.")
        claims = await self._told(self._tokens, credential)
        if await self._auth.is_token_revoked(claims.token_id, issued_at=claims.issued_at):
            raise Unauthenticated("The token was revoked: sign in again.")
        return claims

    async def _told(self, tokens: Tokens, credential: str) -> Claims:
        for sessions in self._sessions:
            if credential.startswith(sessions.area.of_token):
                if (signed_in := sessions.claims(credential)) is None:
                    raise Unauthenticated(ENDED)
                return signed_in
        return await tokens.read(credential)

    async def _permitted(self, claims: Claims) -> Principal:
        permissions = claims.permissions
        if permissions is None:
            permissions = await self._permissions_of(claims.user_id)
        return Principal(claims.user_id, permissions, claims.token_id, claims.expires_at)

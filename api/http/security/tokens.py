"""JSON Web Tokens: signed by a key of ours, meant for us, in force now. Anything else is nobody."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError

from api.http.problems import Unauthenticated, Unavailable
from api.http.security.keysets import KeysUnavailable, UnknownKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.http.security.keysets import KeyRing

ALGORITHMS: Final = {"ES256": "EC", "RS256": "RSA"}  # with the kind of key: none and HS256 are no choice that a token has
LONGEST = 8_192  # characters
LEEWAY_S = 30  # below the one for which revocations are remembered
REFUSED = "The token does not hold: {}. Get a new one from who issues them."


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says. `permissions`: None where it leaves that to the user's roles."""

    user_id: str
    token_id: str
    issued_at: float
    expires_at: float
    permissions: frozenset[str] | None


class Tokens:
    """Judges tokens of one issuer for one audience."""

    def __init__(self, keys: KeyRing, *, issuer: str, audience: str, now: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(now()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
            jti={"essential": True},
            iat={"essential": True},
        )

    async def read(self, token: str) -> Claims:
        """Raises Unauthenticated, which never quotes the token, or Unavailable while there are no keys to judge it by."""
        kid, algorithm = _header(token)
        try:
            key = await self._keys.key(kid)
        except UnknownKey:
            raise Unauthenticated(REFUSED.format("its key is not in the key set")) from None
        except KeysUnavailable:
            raise Unavailable("The keys to check tokens with cannot be read just now.", 10) from None
        try:
            if key.key_type != ALGORITHMS[algorithm]:
                raise ValueError(algorithm)
            claims = jwt.decode(token, key, algorithms=[algorithm]).claims
        except (JoseError, ValueError, TypeError):
            raise Unauthenticated(REFUSED.format("its signature is not of the key that it names")) from None
        try:
            self._claims.validate(claims)
            return _stated(claims)
        except (JoseError, ValueError, TypeError, OverflowError) as error:
            named = getattr(error, "claim", None) or type(error).__name__.removesuffix("Error")
            raise Unauthenticated(REFUSED.format(f"its claims are refused ({named})")) from None


def _header(token: str) -> tuple[str, str]:
    """The key's id and the algorithm, before anything of it is believed."""
    if len(token) > LONGEST:
        raise Unauthenticated(REFUSED.format(f"it is longer than {LONGEST:,} characters"))
    try:
        header = jws.extract_compact(token.encode()).headers()
        kid, algorithm = header["kid"], header["alg"]
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise Unauthenticated(REFUSED.format("it is no signed JSON Web Token that names its key (kid)")) from None
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise Unauthenticated(REFUSED.format(f"its algorithm is none of {', '.join(ALGORITHMS)}"))
    if not isinstance(kid, str):
        raise Unauthenticated(REFUSED.format("its kid is no text"))
    return kid, algorithm


def _stated(claims: dict[str, Any]) -> Claims:
    subject, token_id, given = claims["sub"], claims["jti"], claims.get("permissions")
    for each in (subject, token_id):
        if not isinstance(each, str) or not 0 < len(each) <= 256 or not each.isprintable():
            raise TypeError(each)
    if given is not None and not (isinstance(given, list) and all(isinstance(name, str) for name in given)):
        raise TypeError(given)
    return Claims(subject, token_id, float(claims["iat"]), float(claims["exp"]), None if given is None else frozenset(given))

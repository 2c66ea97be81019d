"""Who has signed in to a page: a cookie that says which key or token opened it and until when, sealed, and never that itself.

What it opens is what the key may at that moment, and of that only what the page needs: a key that is taken out takes its sessions
along, and so does a token that is revoked or runs out.
"""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from api.http.security.keys import MARK
from api.http.security.principals import Principal
from api.http.security.tokens import Claims

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.http.security.areas import Area
    from api.http.security.keys import ApiKeys

LASTS_S: Final = 12 * 3_600


class Sessions:
    """`secret`: what all processes of the API share, so that each knows the others' cookies."""

    def __init__(self, area: Area, keys: ApiKeys, secret: str, clock: Callable[[], float] = time.time) -> None:
        self.area, self._keys, self._clock = area, keys, clock
        self._secret = hmac.digest(secret.encode(), f"sessions of the page of {area.name}".encode(), sha256)

    def opened(self, key: str) -> str | None:
        """What goes into the cookie; None for a key that is nobody's."""
        prefix = key.removeprefix(MARK).partition("_")[0]
        if self._keys.principal(key) is None or (known := self._keys.known(prefix)) is None:
            return None
        says = f"{prefix}.{int(self._clock()) + LASTS_S}"
        return f"{self.area.of_key}{says}.{self._seal(says, known[0])}"

    def of(self, token: Claims) -> str:
        """The same for a token that holds: whose it is, by which id revocation knows it, and of its permissions the page's."""
        until = min(token.expires_at, self._clock() + LASTS_S)
        may = None if token.permissions is None else sorted(token.permissions & self.area.needs)
        said = json.dumps([token.user_id, token.token_id, token.issued_at, until, may], ensure_ascii=False)
        says = urlsafe_b64encode(said.encode()).decode().rstrip("=")  # a cookie with it would be quoted
        return f"{self.area.of_token}{says}.{self._seal(says, self.area.of_token)}"

    def claims(self, cookie: str) -> Claims | None:
        """What the token said. None where the cookie is forged, or has run out. Whether it was revoked is for others to ask."""
        says, _, seal = cookie.removeprefix(self.area.of_token).rpartition(".")
        if not hmac.compare_digest(seal.encode(errors="replace"), self._seal(says, self.area.of_token).encode()):
            return None
        user_id, token_id, issued_at, until, may = json.loads(urlsafe_b64decode(f"{says}=="))
        if self._clock() >= until:
            return None
        return Claims(user_id, token_id, issued_at, until, None if may is None else frozenset(may))

    def principal(self, cookie: str) -> Principal | None:
        """Who signed in with it. None where it is forged, has run out, or its key is no longer what it was."""
        says, _, seal = cookie.removeprefix(self.area.of_key).rpartition(".")
        prefix, _, until = says.partition(".")
        known = self._keys.known(prefix)
        good = hmac.compare_digest(seal.encode(errors="replace"), self._seal(says, known[0] if known else "").encode())
        if not good or known is None or self._clock() >= int(until):
            return None
        whose = known[1]
        return Principal(whose.user_id, whose.permissions & self.area.needs, expires_at=float(until))

    def _seal(self, says: str, of: str) -> str:
        return hmac.new(self._secret, f"{says}.{of}".encode("utf-8", "surrogatepass"), sha256).hexdigest()

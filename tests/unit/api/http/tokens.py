"""Who issues tokens in these tests, and what can be wrong with one."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

ISSUER, AUDIENCE = "https://login.example.edu", "bookly"
EC = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig"}, private=True)
RSA = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"}, private=True)
OTHER = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig"}, private=True)  # a thief's, which bears our kid


class Jwks:
    """A key set that can be rotated, and be away."""

    def __init__(self, *keys: ECKey | RSAKey) -> None:
        self.keys = list(keys)
        self.away = False
        self.reads = 0

    async def read(self) -> bytes:
        self.reads += 1
        if self.away:
            raise OSError("no answer")
        return json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()


def claims(user_id: str, *permissions: str, **changed: Any) -> dict[str, Any]:
    """As a good token has them; None takes one out."""
    now = int(time.time())
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": user_id, "jti": str(uuid4()), "iat": now, "exp": now + 3_600}
    said |= {"permissions": list(permissions), **changed}
    return {name: value for name, value in said.items() if value is not None}


def token(user_id: str, *permissions: str, **changed: Any) -> str:
    return jwt.encode({"alg": "ES256", "kid": "ec-1"}, claims(user_id, *permissions, **changed), EC)

"""How one API process runs: read once, at the very start, so that a wrong value is said before anything is waited for."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from api.console.guards import NAMES as OF_CONSOLE
from api.console.guards import Caps
from api.http.security.rates import Rate
from bookly.errors import InvalidSettings
from bookly.settings import Settings, internal_secret, refuse_misspelt

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ("API_KEYS", "INTERNAL_SECRET", "INTERNAL_SECRET_FILE", "JWKS", "JWT_AUDIENCE", "JWT_ISSUER", "RATE_LIMIT")


@dataclass(frozen=True)
class Trust:
    """Whose tokens are believed. `jwks`: a file, or an https URL."""

    jwks: str
    issuer: str
    audience: str


@dataclass(frozen=True)
class ApiSettings:
    """`secret`: of the workers' internal ports. At least one of `trust` and `keys` is there: else nobody could ask anything."""

    servers: Settings
    secret: str = field(repr=False)
    trust: Trust | None
    keys: Path | None
    rate: Rate
    caps: Caps

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> ApiSettings:
        """From the variables that docs/api.md lists. Raises InvalidSettings."""
        environ = os.environ if environ is None else environ
        refuse_misspelt(environ, (*NAMES, *OF_CONSOLE))
        trust, keys = _trust(environ), environ.get("BOOKLY_API_KEYS")
        if trust is None and not keys:
            raise InvalidSettings(
                "nobody could ask anything: set BOOKLY_JWKS (tokens), BOOKLY_API_KEYS (a file of keys), or both."
            )
        servers = Settings.from_environment(environ)
        caps = Caps.from_environment({name: value for name, value in environ.items() if name.startswith("BOOKLY_CONSOLE")})
        return cls(servers, _secret(environ), trust, Path(keys) if keys else None, _rate(environ), caps)


def _secret(environ: Mapping[str, str]) -> str:
    secret = internal_secret(environ)
    if secret is None:
        raise InvalidSettings(
            "the API shares a secret with the workers that it asks: set BOOKLY_INTERNAL_SECRET or BOOKLY_INTERNAL_SECRET_FILE."
        )
    return secret


def _trust(environ: Mapping[str, str]) -> Trust | None:
    jwks = environ.get("BOOKLY_JWKS")
    if not jwks:
        return None
    issuer, audience = environ.get("BOOKLY_JWT_ISSUER"), environ.get("BOOKLY_JWT_AUDIENCE")
    if not issuer or not audience:
        raise InvalidSettings(
            "BOOKLY_JWKS needs BOOKLY_JWT_ISSUER and BOOKLY_JWT_AUDIENCE: whose tokens are believed, and for whom."
        )
    if "://" in jwks and not _safe(jwks):
        raise InvalidSettings("BOOKLY_JWKS is neither a file nor an https URL (http only to loopback).")
    return Trust(jwks, issuer, audience)


def _safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and (host == "localhost" or _is_loopback(host)))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _rate(environ: Mapping[str, str]) -> Rate:
    given = environ.get("BOOKLY_RATE_LIMIT", "600")
    if not (given.isascii() and given.isdecimal() and 0 < int(given) <= 1_000_000):
        raise InvalidSettings(f"BOOKLY_RATE_LIMIT is {given!r}: how many requests a caller has a minute, 1 to 1,000,000.")
    return Rate(int(given))

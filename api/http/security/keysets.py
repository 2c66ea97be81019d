"""The public keys that tokens are signed with: kept, and asked for again when they may have been rotated."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)
AGE_S = 600.0  # a key that was taken out of the set is believed no longer than this, while the set can be read
PAUSE_S = 60.0  # a token with an unknown kid costs at most one question in this time, however many of them come
LIMIT_S = 5.0
MOST_BYTES = 1_000_000

PUBLIC = ("kty", "crv", "x", "y", "n", "e")

PublicKey = ECKey | RSAKey


class KeysUnavailable(Exception):
    """No key set could be read yet, so no token can be judged."""


class UnknownKey(Exception):
    """The set is there, and this kid is not in it."""


class Source(Protocol):
    async def read(self) -> bytes:
        """A JSON Web Key Set. Raises OSError, TimeoutError."""


class FileSource:
    def __init__(self, path: Path) -> None:
        self.path = path

    async def read(self) -> bytes:
        return await asyncio.to_thread(self.path.read_bytes)


class UrlSource:
    """Follows no redirect: the keys come from the address that was configured."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def read(self) -> bytes:
        limit = aiohttp.ClientTimeout(total=LIMIT_S)
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.get(self._url, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise OSError(f"status {response.status}")
            found = await response.content.read(MOST_BYTES + 1)
            while len(found) <= MOST_BYTES and (more := await response.content.read(MOST_BYTES)):
                found += more
        if len(found) > MOST_BYTES:
            raise OSError(f"more than {MOST_BYTES:,} bytes")
        return found


class KeyRing:
    """Keys by kid. While the set cannot be read again, those that are known go on to be believed."""

    def __init__(self, source: Source, *, now: Callable[[], float] = time.monotonic) -> None:
        self._source, self._now = source, now
        self._keys: dict[str, PublicKey] = {}
        self._read_at = self._asked_at = float("-inf")
        self._turn = asyncio.Lock()

    async def key(self, kid: str) -> PublicKey:
        """The key with this id. Raises UnknownKey, or KeysUnavailable where no set was ever read."""
        known = kid in self._keys
        if not known or (self._now() - self._read_at > AGE_S and not self._turn.locked()):
            await self._read()
        if kid in self._keys:
            return self._keys[kid]
        raise UnknownKey(kid) if self._keys else KeysUnavailable

    async def _read(self) -> None:
        async with self._turn:
            if self._now() - self._asked_at < PAUSE_S:
                return
            self._asked_at = self._now()
            try:
                self._keys = public_keys(await self._source.read())
            except (OSError, TimeoutError, aiohttp.ClientError, ValueError, JoseError) as error:
                log.warning(
                    "the key set cannot be read (%s: %s): the %d known keys stay", type(error).__name__, error, len(self._keys)
                )
            else:
                self._read_at = self._asked_at


def public_keys(text: bytes) -> dict[str, PublicKey]:
    """The keys that may sign tokens: EC P-256 and RSA with a kid; others, symmetric ones above all, may not."""
    found: Any = json.loads(text)
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
        raise ValueError('it is no key set: {"keys": [...]}')  # noqa: TRY004  # of what a file says
    keys = {each["kid"]: _imported(each) for each in found["keys"] if isinstance(each, dict) and _may_sign(each)}
    return {kid: key for kid, key in keys.items() if key is not None}


def _may_sign(key: dict[str, Any]) -> bool:
    kind = key.get("kty") == "RSA" or (key.get("kty"), key.get("crv")) == ("EC", "P-256")
    return kind and isinstance(key.get("kid"), str) and key.get("use", "sig") == "sig"


def _imported(key: dict[str, Any]) -> PublicKey | None:
    """None for one that is broken: the others go on to be learnt and forgotten."""
    public: dict[str, str | list[str]] = {name: key[name] for name in PUBLIC if name in key}
    try:
        return RSAKey.import_key(public) if key["kty"] == "RSA" else ECKey.import_key(public)
    except (JoseError, ValueError, TypeError) as error:
        log.warning("the key %r of the key set is broken (%s) and signs nothing", key["kid"], type(error).__name__)
        return None

"""API keys, for services: `bookly_<prefix>_<256 bits>`. The file holds hashes; the key itself is shown once, to who made it.

A hash without salt or stretching is enough: nobody guesses 256 bits.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from api.http.security.permissions import NAMES
from api.http.security.principals import Principal
from bookly.errors import InvalidSettings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

log = logging.getLogger(__name__)
MARK = "bookly_"


class ApiKeys:
    """The keys of one file, read again when it has changed: a key that was taken out is refused at once."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._rows: dict[str, dict[str, Any]] = {}
        self._said = ""

    def principal(self, key: str) -> Principal | None:
        """Whose key it is. None where it is nobody's, after the same comparison. Raises InvalidSettings for a broken file."""
        self._refresh()
        prefix = key.removeprefix(MARK).partition("_")[0]
        row = self._rows.get(prefix)
        same = hmac.compare_digest(_hash(key), row["sha256"] if row else _hash(""))
        if row is None or not same:
            return None
        return Principal(f"key:{row['name']}", frozenset(row["permissions"]))

    def known(self, prefix: str) -> tuple[str, Principal] | None:
        """The hash of the key with this prefix, and whose it is; None where there is none. Raises InvalidSettings."""
        self._refresh()
        row = self._rows.get(prefix)
        return None if row is None else (row["sha256"], Principal(f"key:{row['name']}", frozenset(row["permissions"])))

    def check(self) -> None:
        """Raises InvalidSettings where the file cannot be used: a process does not begin with it."""
        if self._path is not None:
            read_keys(self._path)

    def _refresh(self) -> None:
        if self._path is None:
            return
        try:
            found = self._path.stat()
            if self._seen != (found.st_mtime_ns, found.st_ino):
                self._rows, self._seen = read_keys(self._path), (found.st_mtime_ns, found.st_ino)
                self._said = ""
        except FileNotFoundError:
            self._seen, self._rows = None, {}
        except (OSError, InvalidSettings) as error:
            self._say(str(error))
            raise InvalidSettings(str(error)) from None

    def _say(self, why: str) -> None:
        """Once, however many ask: callers are told neither the file nor the reason."""
        if why != self._said:
            self._said = why
            log.error("no API key is taken: %s", why)


def new_key(path: Path, name: str, permissions: Iterable[str]) -> str:
    """The key, of which only the hash is kept. Raises InvalidSettings for a permission that there is not, or a name in use."""
    wanted = sorted(set(permissions))
    if unknown := sorted(set(wanted) - NAMES):
        raise InvalidSettings(f"{', '.join(unknown)}: no such permission; there are: {', '.join(sorted(NAMES))}.")
    if not wanted or not name.isprintable() or not 0 < len(name) <= 64:
        raise InvalidSettings("a key needs a name of at most 64 characters, and at least one --permission.")
    rows = read_keys(path) if path.exists() else {}
    if any(row["name"] == name for row in rows.values()):
        raise InvalidSettings(f"there is a key named {name!r} in {path}: take it out first, or choose another name.")
    prefix = secrets.token_hex(4)
    key = f"{MARK}{prefix}_{secrets.token_urlsafe(32)}"
    try:
        _write(path, {**rows, prefix: {"name": name, "permissions": wanted, "sha256": _hash(key)}})
    except OSError as error:
        raise InvalidSettings(f"BOOKLY_API_KEYS: {path} cannot be written ({error.strerror}).") from None
    return key


def read_keys(path: Path) -> dict[str, dict[str, Any]]:
    """Name, permissions and hash by prefix. Raises InvalidSettings where the file is not what new_key writes."""
    try:
        rows = json.loads(path.read_bytes())
        good = all(
            isinstance(row["name"], str) and isinstance(row["sha256"], str) and isinstance(row["permissions"], list)
            for row in rows.values()
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        good = False
    except OSError as error:
        raise InvalidSettings(f"BOOKLY_API_KEYS: {path} cannot be read ({error.strerror}).") from None
    if not good:
        raise InvalidSettings(f"BOOKLY_API_KEYS: {path} holds no API keys: make one by `python -m api key new`.")
    return dict(rows)


def _hash(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _write(path: Path, rows: dict[str, Any]) -> None:
    """Whole or not at all, and for its owner only."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(rows, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)

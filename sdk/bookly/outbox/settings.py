"""Which database, and by which driver the relay talks to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from bookly.errors import InvalidSettings
from bookly.settings import secret_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import URL

VARIABLE = "BOOKLY_OUTBOX_DATABASE"
_FORM = "it must be like postgresql://user@host/name, and @, : and / in a password are %40, %3A and %2F"
_DRIVERS = {"postgresql": "postgresql+psycopg", "sqlite": "sqlite"}


def database_url(text: str) -> URL:
    """The URL, whatever driver the service uses in it. Raises InvalidSettings, which never quotes it."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # a port that is no number
        raise InvalidSettings(f"The outbox's database is no URL: {_FORM}.") from None
    if "@" in (url.host or ""):  # half of a password: who looked such a host up would quote it
        raise InvalidSettings(f"The outbox's database has no host: {_FORM}.")
    backend = url.get_backend_name()
    if backend not in _DRIVERS:
        raise InvalidSettings(f"The outbox's database is {backend}: a relay reads {' or '.join(_DRIVERS)}.")
    if backend == "sqlite" and url.database in (None, "", ":memory:"):
        raise InvalidSettings("The outbox's database is in memory, where a relay sees nothing: it must be sqlite:///a-file.")
    return url.set(drivername=_DRIVERS[backend])


def database_from(environ: Mapping[str, str]) -> str:
    """BOOKLY_OUTBOX_DATABASE, or what the file holds that BOOKLY_OUTBOX_DATABASE_FILE names. Raises InvalidSettings."""
    text = secret_of(VARIABLE, environ)
    if not text:
        raise InvalidSettings(f"The outbox's database is missing: set {VARIABLE} to its URL, or {VARIABLE}_FILE to a file of it.")
    return text

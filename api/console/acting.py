"""Who acts in the console, and that it is written down: acts, and refusals, whether for want of a permission or by a rule.

What was allowed is written before it is done: an act that nobody could tell of is not done at all.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from api.console.audit import NotAudited, Trail
from api.console.roles import LOOKS, MayNot, may
from api.environment import environment
from api.http.security.keys import ApiKeys
from api.refusing import Refusal
from bookly.errors import BooklyError
from bookly.settings import required

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HOW: Final = (
    "sign in: BOOKLY_API_KEY is your key, and BOOKLY_API_KEYS the file that knows it. Make one by "
    "`python -m api key new --name you --permission console:look --file keys.json`; docs/console.md lists the permissions"
)


class NotSignedIn(BooklyError):
    """Nobody known asks. Nothing was done."""


@dataclass(frozen=True)
class Actor:
    """Somebody who is known. Whatever they do goes through `does`."""

    who: str
    permissions: frozenset[str]
    trail: Trail

    def may(self, verb: str) -> bool:
        return may(self.permissions, verb)

    def does(self, verb: str, about: Mapping[str, Any] | None = None, why: str = "") -> None:
        """They may, and it is written down unless it is mere looking. Raises MayNot, which is written down too, NotAudited."""
        if not self.may(verb):
            self.trail.write(self.who, verb, "refused", about, why or "no permission")
            raise MayNot(self.who, verb)
        if verb not in LOOKS:
            self.trail.write(self.who, verb, "allowed", about, why)

    @contextmanager
    def tries(self, verb: str, about: Mapping[str, Any] | None = None) -> Iterator[None]:
        """What a rule refuses in it is written down. Who may not do it at all is told that first. Raises MayNot, NotAudited."""
        if not self.may(verb):
            self.does(verb, about)
        try:
            yield
        except Refusal as error:
            self.trail.write(self.who, verb, "refused", about, error.for_the_trail)
            raise


def signed_in(verb: str, environ: Mapping[str, str] | None = None) -> Actor:
    """Who has signed in to the command line, and may do this. Raises NotSignedIn, MayNot, InvalidSettings."""
    environ = os.environ if environ is None else environ
    key, file = environ.get("BOOKLY_API_KEY", ""), environ.get("BOOKLY_API_KEYS", "")
    principal = ApiKeys(Path(file)).principal(key) if key and file else None
    trail = Trail(required("brokers", None, environment()))
    if principal is None:
        said = f"BOOKLY_API_KEY is no key of {file}: {HOW}." if key and file else f"{verb} needs somebody: {HOW}."
        try:
            trail.write("nobody known", verb, "refused", why="the key is nobody's" if key else "no key")
        except NotAudited as error:
            raise NotSignedIn(f"{said} And it could not be written down: {error}") from error
        raise NotSignedIn(said)
    actor = Actor(principal.user_id, principal.permissions, trail)
    if not actor.may(verb):
        actor.does(verb)
    return actor

"""The pages where people sign in. Each has a cookie of its own, which opens nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from api.http.security.permissions import CONSOLE as NEEDS_OF_CONSOLE
from api.http.security.permissions import DEMAND


@dataclass(frozen=True, slots=True)
class Area:
    """`needs`: the permissions that its cookie may ever carry, whatever else its owner may do."""

    name: str
    path: str
    needs: frozenset[str]

    @property
    def cookie(self) -> str:
        """Browsers take it over TLS and from loopback alone."""
        return f"__Secure-bookly-{self.name}"

    @property
    def of_key(self) -> str:
        """How the session of who signed in with a key begins."""
        return f"{self.name}-session."

    @property
    def of_token(self) -> str:
        """How the session of who signed in with a token begins."""
        return f"{self.name}-token-session."

    def has(self, path: str) -> bool:
        """Whether an address is of this page."""
        return path == self.path or path.startswith(f"{self.path}/")


REPORTS: Final = Area("reports", "/reports", frozenset({DEMAND.wide}))
CONSOLE: Final = Area("console", "/console", frozenset(need.wide for need in NEEDS_OF_CONSOLE))
AREAS: Final = (REPORTS, CONSOLE)


def area_of(path: str) -> Area | None:
    """Whose page an address is of."""
    return next((area for area in AREAS if area.has(path)), None)

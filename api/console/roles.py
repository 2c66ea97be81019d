"""Who may do what in the console: a verb needs one permission, a role is a handful of them. What is not named, nobody may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from api.http.security.permissions import ADMINISTER, CONSOLE, LOOK, REPLAY, RESET, UNMASK
from bookly.errors import BooklyError

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOKS: Final = frozenset({"topics", "groups", "find", "look", "life", "dead", "replays", "preview"})
VERBS: Final[Mapping[str, str]] = {
    **dict.fromkeys(LOOKS, LOOK.wide),
    "unmask": UNMASK.wide,
    **dict.fromkeys(("release", "drop", "plan", "approve", "run", "pause", "stop"), REPLAY.wide),
    "reset": RESET.wide,
    "trail": ADMINISTER.wide,
}
ROLES: Final[Mapping[str, frozenset[str]]] = {
    "look": frozenset({LOOK.wide}),
    "unmask": frozenset({LOOK.wide, UNMASK.wide}),
    "replay": frozenset({LOOK.wide, REPLAY.wide}),
    "reset": frozenset({LOOK.wide, RESET.wide}),
    "administer": frozenset(need.wide for need in CONSOLE),
}


SAID: Final = {
    "dead": "see dead letters",
    "unmask": "see personal fields",
    "reset": "set offsets",
    "trail": "read the audit trail",
}


class MayNot(BooklyError):
    """Who asked may not do it. Nothing was done."""

    def __init__(self, who: str, verb: str) -> None:
        super().__init__(
            f"{who} may not {SAID.get(verb, verb)}: it needs {VERBS.get(verb, 'what nobody has')}. Nothing was done."
        )


def may(permissions: frozenset[str], verb: str) -> bool:
    """Whether one of the permissions is the one that the verb needs."""
    return VERBS.get(verb) in permissions

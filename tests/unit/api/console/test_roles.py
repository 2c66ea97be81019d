"""Each role against each verb, and who is known at all."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from api.console.acting import Actor
from api.console.roles import ROLES, VERBS, MayNot, may
from api.http.security.permissions import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOKING = {"topics", "groups", "find", "look", "life", "dead", "replays", "preview"}
REPLAYING = {"release", "drop", "plan", "approve", "run", "pause", "stop"}
ALLOWED = {  # written out: read from roles.py, it would agree with whatever stands there
    "look": LOOKING,
    "unmask": LOOKING | {"unmask"},
    "replay": LOOKING | REPLAYING,
    "reset": LOOKING | {"reset"},
    "administer": LOOKING | REPLAYING | {"unmask", "reset", "trail"},
}


class Written:
    """A trail that remembers."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str, str]] = []

    def write(self, who: str, verb: str, outcome: str, about: Mapping[str, object] | None = None, why: str = "") -> None:
        del about, why
        self.entries.append((who, verb, outcome))


def test_the_table_names_every_role_and_every_verb() -> None:
    assert ALLOWED.keys() == ROLES.keys()
    assert ALLOWED["administer"] == VERBS.keys()


@pytest.mark.parametrize(("role", "verb"), list(product(ALLOWED, sorted(ALLOWED["administer"]))))
def test_a_role_may_what_the_table_says_and_either_is_written_down(role: str, verb: str) -> None:
    trail = Written()
    actor = Actor("ann", ROLES[role], trail)  # type: ignore[arg-type]  # it writes as one does
    if verb in ALLOWED[role]:
        actor.does(verb)
        assert trail.entries == ([] if verb in LOOKING else [("ann", verb, "allowed")]), "looking alone leaves no entry"
    else:
        with pytest.raises(MayNot, match=r"ann may not [a-z ]+: it needs console:"):
            actor.does(verb)
        assert trail.entries == [("ann", verb, "refused")]


@pytest.mark.parametrize("verb", ["delete", "", "REPLAY", "console:replay"])
def test_what_is_no_verb_nobody_may(verb: str) -> None:
    assert not may(NAMES, verb)


def test_a_permission_of_the_rest_of_the_api_opens_nothing_here() -> None:
    others = frozenset(name for name in NAMES if not name.startswith("console:"))
    assert others
    assert not any(may(others, verb) for verb in VERBS)

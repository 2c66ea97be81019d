"""Conditions on fields against one schema: what a record's bytes rule out before it is read as people read it.

Both looks may pass too much, and rule out nothing that meets the conditions: whether it does, its event says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.console.comparing import moment
from api.console.fields import PERSONAL, personal_in, type_at
from api.console.quick import quick
from bookly.records.wire import put_string

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.console.decoding import Written
    from api.console.fields import Path
    from api.console.selection import Condition


class Asked:
    """`personal`: the fields asked about that are masked; whether a record is found would tell what the mask hides. `texts`: what
    has to stand in the bytes of what meets.
    """

    def __init__(self, tests: Sequence[tuple[Path, Condition]], schema: Written) -> None:
        hidden = PERSONAL | personal_in(schema.said)
        self.personal = [test.name for path, test in tests if hidden.intersection(path)]
        texts = [test for path, test in tests if _stands_as_it_is(test, type_at(schema.said, path))]
        self.texts = tuple(test.value.encode() for test in texts)
        self._wholes = [_whole(test.value) for test in texts if test.op == "eq"]
        self._quick = quick(tests, schema)

    def may_meet(self, value: bytes, start: int) -> bool:
        """Of a value whose body begins at `start`, and in which all texts stand."""
        return all(any(form in value for form in forms) for forms in self._wholes) and self._quick(value, start)


def _stands_as_it_is(test: Condition, kind: Any) -> bool:
    """Whether a text that meets the condition has the condition's own in it, byte for byte. A time has many spellings."""
    if test.op not in {"eq", "contains", "prefix"} or not test.value or (test.op == "eq" and moment(test.value) is not None):
        return False
    text = kind == "string" or (isinstance(kind, dict) and kind.get("type") == "string")
    return text and not any("\ud800" <= letter <= "\udfff" for letter in test.value)


def _whole(text: str) -> tuple[bytes, bytes]:
    """With its length before it, which some writers may have made longer than it needs to be: then it ends in 00."""
    return put_string(text), b"\0" + text.encode()

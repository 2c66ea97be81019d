"""Does a record meet the conditions of a selection? What is cheap is asked first, and an event is read only where it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.console.asked import Asked
from api.console.comparing import holds
from api.console.decoding import TYPES, Written
from api.console.fields import path_of, value_at
from api.console.headers import is_open
from api.console.selection import Unselectable

if TYPE_CHECKING:
    from api.console.decoding import Decoding
    from api.console.found import Found
    from api.console.selection import Selection


class Personal(Unselectable):
    """Who only looks asks about what is masked: whether a record is found would tell it."""

    kept = "a condition on a personal field"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is masked, for it may be personal: a condition on it tells what the mask hides. It needs console:unmask, "
            "and a reason that is kept: that of a plan, or of `find --unmask REASON`."
        )


class Matcher:
    """For one selection. `personal`: fields and headers that are masked may be asked about, else Personal is raised."""

    def __init__(self, selection: Selection, decoding: Decoding, *, personal: bool = False) -> None:
        self._selection, self._where, self._decoding, self._personal = selection, selection.where, decoding, personal
        where = selection.where
        self.keys = frozenset(key.encode(errors="surrogateescape") for key in where.keys)
        self.types = frozenset(TYPES.get(name, name) for name in where.types)
        self._fields = [(path_of(test.name), test) for test in where.fields]
        if not personal and (closed := [test.name for test in where.headers if not is_open(test.name)]):
            raise Personal(f"the header {closed[0]}")
        self._asks_headers = bool(
            where.headers or where.trace or where.correlation or where.reason or where.group or where.handler
        )
        self._asked: dict[Written, Asked] = {}

    @property
    def reads(self) -> bool:
        """Whether it asks what a record's schema is, or more."""
        return bool(self.types or self._fields)

    def meets(self, found: Found) -> bool:
        """Raises RegistryUnavailable, Personal."""
        return (
            (not self.keys or found.key in self.keys)
            and self._in_time(found.timestamp)
            and self._headers(found)
            and (not self.types or self._decoding.type_of(found) in self.types)
            and (not self._fields or self._body(found))
        )

    def may_meet(self, named: bytes) -> Asked | bool:
        """Whether a record whose schema is so named may; where fields are asked for, what says more of its bytes.

        Raises RegistryUnavailable, Personal.
        """
        schema = self._decoding.schema_named(named)
        if not isinstance(schema, Written):
            return not self._fields
        if self.types and schema.event not in self.types:
            return False
        return self.asked(schema) if self._fields else True

    def asked(self, schema: Written) -> Asked:
        """Raises Personal."""
        found = self._asked.get(schema)
        if found is None:
            found = Asked(self._fields, schema)
            if found.personal and not self._personal:
                raise Personal(found.personal[0])
            self._asked[schema] = found
        return found

    def _in_time(self, timestamp: int) -> bool:
        since, until = self._selection.since, self._selection.until
        return (since is None or timestamp >= since) and (until is None or timestamp < until)

    def _headers(self, found: Found) -> bool:
        where = self._where
        if not self._asks_headers:
            return True
        if where.trace and (found.header("traceparent") or "").split("-")[1:2] != [where.trace]:
            return False
        said = {"correlation_id": where.correlation, "dead.reason": where.reason, "dead.group": where.group}
        if any(wanted and found.header(name) != wanted for name, wanted in said.items()):
            return False
        if where.handler and where.handler not in (found.header("dead.handler") or "").split(","):
            return False
        return all(holds(test, found.header(test.name)) for test in where.headers)

    def _body(self, found: Found) -> bool:
        schema = self._decoding.schema_of(found)
        if not isinstance(schema, Written):
            return False
        self.asked(schema)
        body = self._decoding.event(found).body
        return body is not None and all(holds(test, value_at(body, path)) for path, test in self._fields)

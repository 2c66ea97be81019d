"""A first look at messages as the client gives them: what cannot meet a selection is dropped before anything is made of it.

It may keep too much, and drops nothing that meets: the matcher has the last word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from api.console.decoding import HEADER, named_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from api.console.asked import Asked
    from api.console.matching import Matcher
    from api.console.selection import Selection

PREFIX: Final = 5  # 00 and a schema id


class Sieve:
    def __init__(self, selection: Selection, matcher: Matcher) -> None:
        self._matcher = matcher
        self._known: dict[bytes, Asked | bool] = {}
        self._since = -1 if selection.since is None else selection.since
        self._until = selection.until
        where = selection.where
        said = {"correlation_id": where.correlation, "dead.reason": where.reason, "dead.group": where.group}
        # a backslash may be how bytes that are no text are shown
        self._said = [(name, text.encode()) for name, text in said.items() if text.isascii() and text and "\\" not in text]
        self._trace = where.trace.encode(errors="surrogateescape")

    def __call__(self, messages: Sequence[Any]) -> Sequence[Any]:
        """Raises RegistryUnavailable, Personal."""
        if keys := self._matcher.keys:
            messages = [message for message in messages if message.key() in keys]
        if self._since >= 0:
            since = self._since
            messages = [message for message in messages if message.timestamp()[1] >= since]
        if (until := self._until) is not None:
            messages = [message for message in messages if message.timestamp()[1] < until]
        if self._said or self._trace:
            messages = [message for message in messages if self._carries(message)]
        return self._readable(messages) if self._matcher.reads else messages

    def _carries(self, message: Any) -> bool:
        headers = dict(message.headers() or ())
        return self._trace in (headers.get("traceparent") or b"") and all(headers.get(name) == text for name, text in self._said)

    def _readable(self, messages: Sequence[Any]) -> list[Any]:
        """By the schema that their first bytes name; what that rules out is asked for its headers, which may name another."""
        kept, known = [], self._known
        for message in messages:
            value = message.value()
            said = known.get(value[:PREFIX]) if value else True
            if said is None or said is False:
                if self._otherwise(message, value):
                    kept.append(message)
            elif said is True:
                kept.append(message)
            else:
                for text in said.texts:
                    if text not in value:
                        break
                else:
                    if said.may_meet(value, PREFIX):
                        kept.append(message)
                        continue
                if (headers := message.headers()) and _names(headers) and self._otherwise(message, value):
                    kept.append(message)
        return kept

    def _otherwise(self, message: Any, value: bytes) -> bool:
        """By its headers and all of its bytes."""
        named, start = named_in(value, message.headers() or ())
        if named is None:
            return True
        said = self._matcher.may_meet(named)
        if start:
            self._known[named] = said
        return said if isinstance(said, bool) else all(text in value for text in said.texts) and said.may_meet(value, start)


def _names(headers: Iterable[tuple[str, bytes]]) -> bool:
    return any(name == HEADER for name, _ in headers)

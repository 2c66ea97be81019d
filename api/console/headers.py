"""Headers as they may be shown: ours name nobody, but in the words of an error; what others put into theirs we cannot know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from api.console.decoding import HEADER
from api.console.masking import scrubbed
from bookly.personal import STARS

if TYPE_CHECKING:
    from api.console.decoding import Event
    from api.console.found import Found

KNOWN: Final = frozenset({HEADER, "traceparent", "tracestate", "correlation_id", "causation_id", "content-type"})
OURS: Final = ("ce_", "dead.", "parked.", "replay.")
ERRORS: Final = frozenset({"dead.error", "parked.error"})


def is_open(name: str) -> bool:
    """Whether a condition on it tells nobody what they may not see."""
    return (name in KNOWN or name.startswith(OURS)) and name not in ERRORS


def headers(found: Found, event: Event, *, unmasked: bool = False) -> dict[str, str]:
    """By name, as text. `unmasked`: all of it."""
    told = {name: value.decode(errors="backslashreplace") for name, value in found.headers}
    if unmasked:
        return told
    return {name: text if is_open(name) else scrubbed(text, event) if name in ERRORS else STARS for name, text in told.items()}

"""The headers of a replayed record: who it is stays, how it travels is new, and where it came from is said."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from api.console.found import Found

OURS: Final = "replay."
TRAVEL: Final = frozenset({"traceparent", "tracestate"})
WHY: Final = "dead."  # what a dead letter says of its failure is of that failure alone


def replayed(found: Found, plan_id: str) -> list[tuple[str, bytes]]:
    """All that it had but its trace, kept as `replay.traceparent`, and what a dead letter or another replay said; a trace of its
    own; the plan, and the source's place.
    """
    old = found.header("traceparent")
    kept = [(name, value) for name, value in found.headers if name not in TRAVEL and not name.startswith((OURS, WHY))]
    said = {
        f"{OURS}id": plan_id,
        f"{OURS}topic": found.topic,
        f"{OURS}partition": str(found.partition),
        f"{OURS}offset": str(found.offset),
        **({f"{OURS}traceparent": old} if old else {}),
        "traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
    }
    return [*kept, *((name, text.encode(errors="replace")) for name, text in said.items())]


def was_replayed(found: Found) -> bool:
    """Whether it is itself a copy that a replay made."""
    return found.header(f"{OURS}id") is not None

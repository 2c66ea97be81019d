"""The headers of a replayed record: who it is stays, how it travels is new, and where it came from is said."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from api.console.found import Found

OURS: Final = "replay."
TRAVEL: Final = frozenset({"traceparent", "tracestate"})
WHY: Final = "dead."  # what a dead letter says of its failure is of that failure alone


def replayed(found: Found, plan_id: str, tracer: Tracer | None = None) -> list[tuple[str, bytes]]:
    """All that it had but its trace, kept as `replay.traceparent`, and what a dead letter or another replay said; a trace of its
    own; the plan, and the source's place.

    `tracer`: of a process that keeps traces; then its trace begins with a span that links to the old one.
    """
    old = found.header("traceparent")
    kept = [(name, value) for name, value in found.headers if name not in TRAVEL and not name.startswith((OURS, WHY))]
    said = {
        f"{OURS}id": plan_id,
        f"{OURS}topic": found.topic,
        f"{OURS}partition": str(found.partition),
        f"{OURS}offset": str(found.offset),
        **({f"{OURS}traceparent": old} if old else {}),
        "traceparent": _new_trace(found.topic, old, plan_id, tracer),
    }
    return [*kept, *((name, text.encode(errors="replace")) for name, text in said.items())]


def _new_trace(topic: str, old: str | None, plan_id: str, tracer: Tracer | None) -> str:
    if tracer is None:
        return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    from bookly.otel.publishing import replayed as traced  # noqa: PLC0415  # only who has it installed gets here

    return traced(tracer, topic, old, plan_id)


def was_replayed(found: Found) -> bool:
    """Whether it is itself a copy that a replay made."""
    return found.header(f"{OURS}id") is not None

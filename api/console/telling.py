"""A record as it is shown, to people and to scripts: decoded, masked, and nothing raw that could hold what is masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from api.console.headers import headers
from api.console.masking import is_personal, masked

if TYPE_CHECKING:
    from api.console.decoding import Decoding
    from api.console.found import Found


OWN: Final = "bookly.console."  # the trail, and plans with their conditions: `audit show` and `replay list` say who may


def parts(body: Any) -> list[tuple[str, str, Any]]:
    """Every value of an event with its part (metadata, data) and name; of a record of another shape, those beside each other."""
    found: list[tuple[str, str, Any]] = []
    for part, values in (body or {}).items():
        found += [(part, name, value) for name, value in values.items()] if isinstance(values, dict) else [("", part, values)]
    return found


def record(found: Found, decoding: Decoding, *, unmasked: bool = False) -> dict[str, Any]:
    """`key`: bytes that are no UTF-8 as surrogates (PEP 383). `raw`: the value's bytes, for who may see them; of a record that
    cannot be read nobody knows what is personal in it.
    """
    event = decoding.event(found)
    shown = {
        "place": f"{found.topic}/{found.partition}/{found.offset}",
        "timestamp": found.timestamp,
        "key": None if found.key is None else found.key.decode(errors="surrogateescape"),
        "type": event.type,
        "event": event.body if unmasked else masked(event),
        "problem": event.problem,
        "masked": not unmasked and (is_personal(event) or (event.body is None and bool(found.value))),
        "headers": headers(found, event, unmasked=unmasked),
        "bytes": len(found.value or b""),
    }
    raw = unmasked and event.body is None and not found.topic.startswith(OWN)
    return {**shown, "raw": (found.value or b"").hex()} if raw else shown

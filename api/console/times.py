"""Times as the log has them (milliseconds since 1970), as people write them, and as they are shown. All are UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from api.console.selection import Unselectable


def milliseconds(at: datetime) -> int:
    """A time without a zone is UTC. All before 1970 is the beginning."""
    return max(0, int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000))


def parsed(text: str) -> int:
    """Raises Unselectable."""
    try:
        return milliseconds(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise Unselectable(f"{text[:60]!r} is no time: give it as 2026-11-25T08:00") from None


def written(ms: int) -> str:
    """When a record was written, for people."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S") if ms >= 0 else "no time"

"""The consumer groups and the topics that each reads. The edge does without topics/, so a test holds the two together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

READS: Final[Mapping[str, tuple[str, ...]]] = {
    "auth": ("auth",),
    "resources": ("resources", "availability", "stockpile"),
    "availability": ("auth", "resources", "availability", "stockpile"),
    "stockpile": ("auth", "availability", "stockpile"),
    "reports": ("auth", "resources", "availability", "stockpile"),
}
TOPICS: Final[Mapping[str, tuple[str, ...]]] = {
    group: tuple(f"bookly.{topic}" for topic in topics) for group, topics in READS.items()
}


def named(group: str) -> str:
    """A consumer group by its domain, as `availability`, or by its own name."""
    return f"bookly-{group}" if group in READS else group

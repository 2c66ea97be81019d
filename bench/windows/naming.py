"""Names of events that are the same in every process: then a seed repeats a measure."""

from __future__ import annotations

from hashlib import blake2b


def event_id(*of: object) -> str:
    """As long as those of producers, and as unlikely to come twice among what is measured."""
    digest = blake2b("|".join(map(str, of)).encode(), digest_size=8).digest()
    return f"00000000-0000-4000-8000-{int.from_bytes(digest) % 10**12:012}"

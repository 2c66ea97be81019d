"""What waits behind failed events, by key, and the command that ends the wait (api/console/dead.py sends it)."""

from __future__ import annotations

import json
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from api.refusing import Refusal
from api.showing import as_text
from api.tables import UnknownTable, known_tables, read_log
from bookly.errors import BooklyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PLAIN = set(string.digits + string.ascii_letters + string.punctuation + " ") - set("\\'")


class NotObeyed(BooklyError):
    """The command is on its topic, and no worker has carried it out yet."""


class Changed(Refusal):
    """Another event is the first of its key by now, or it has failed again: nothing was done; the message names what is there."""

    kept = "what waits has changed since it was looked at"

    def __init__(self, domain: str, head: Waiting) -> None:
        super().__init__(
            f"what waits of {spelled(head.key)} in {domain} has changed since you looked, and nothing was done: first is now "
            f"{head.event} with sequence {head.sequence} ({head.topic}, offset {head.offset}), which failed {head.attempt} times"
        )


@dataclass(frozen=True)
class Waiting:
    """A record in line. `attempt`: how often it failed; 0 for one that waits behind another. `partition`: the group's number.

    `key`: bytes that are no UTF-8 are surrogates (PEP 383), as in the arguments of a command. `found`: of one that has failed,
    the record's own value and headers.
    """

    key: str
    sequence: int
    topic: str
    partition: int
    offset: int
    event: str
    attempt: int
    headers: Mapping[str, str]
    found: tuple[bytes | None, Sequence[tuple[str, bytes]]] | None = None


def read_parked(brokers: str, domain: str, key: str | None = None) -> list[Waiting]:
    """All that waits, of one key or of all, each key in order. Raises UnknownTable, BrokerUnavailable."""
    found: dict[bytes, Waiting] = {}
    try:
        for message in read_log(brokers, f"bookly-{domain}-parked-changelog"):
            name = message.key() or b""
            if message.value() is None:
                found.pop(name, None)
            else:
                found[name] = _waiting(name, message)
    except UnknownTable:
        groups = [name.split()[0] for name in known_tables(brokers).values() if name.endswith(" parked")]
        there_are = ", ".join(groups) or "none yet: `make provision` creates them"
        raise UnknownTable(f"there is no group {domain!r}; there are: {there_are}") from None
    return sorted((one for one in found.values() if key in (None, one.key)), key=lambda one: (one.key, one.sequence))


def command(head: Waiting, *, by: str, skip: bool, why: str = "") -> bytes:
    """What the group's control topic takes: it is refused where the head is not this one with so many failures."""
    act = "skip" if skip else "retry"
    said = {"act": act, "by": by, "sequence": head.sequence, "attempt": head.attempt}
    return json.dumps({**said, "why": as_text(why)} if why else said).encode()


def spelled(key: str) -> str:
    """A key for people: as it is, or where it cannot be printed as bash reads it back."""
    if key and key.isprintable():
        return key
    return "$'" + "".join(chr(byte) if chr(byte) in _PLAIN else f"\\x{byte:02x}" for byte in _bytes(key)) + "'"


def _bytes(key: str) -> bytes:
    return key.encode(errors="surrogateescape")


def _waiting(name: bytes, message: Any) -> Waiting:
    key, _, sequence = name.decode(errors="surrogateescape").rpartition("|")
    bytes_ = [(header, value or b"") for header, value in message.headers() or ()]
    headers = {header: value.decode(errors="replace") for header, value in bytes_}
    attempt = int(headers["parked.attempt"])
    return Waiting(
        key,
        int(sequence),
        headers["parked.topic"],
        message.partition(),
        int(headers["parked.offset"]),
        headers.get("ce_type", "unknown"),
        attempt,
        headers,
        (message.value(), bytes_) if attempt else None,
    )

"""What a replay would do, before it does: how many, of what, for whom, and what a record looks like before and after."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from api.console import hygiene
from api.console.headers import headers
from api.console.masking import masked
from api.console.searching import search
from api.parking import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from api.console.decoding import Decoding
    from api.console.found import Found, Span
    from api.console.selection import Selection
    from api.console.standing import Standing

SAMPLES: Final = 3
KEYS: Final = 20


class Sample(msgspec.Struct, frozen=True):
    """One record. `body` is masked. `before`, `after`: its headers as text; what a replay writes anew differs each time."""

    place: str
    type: str
    body: Any
    before: dict[str, str]
    after: dict[str, str]
    verdict: str


class Preview(msgspec.Struct, frozen=True):
    """`matching` records of `read` offsets. `types`, `keys`: the most frequent ones. `verdicts`: empty where there is no group.

    `copies`: records that a replay made, which are left out.
    """

    read: int
    matching: int
    copies: int
    types: dict[str, int]
    keys: dict[str, int]
    verdicts: dict[str, int]
    samples: list[Sample]


def preview(
    brokers: str,
    decoding: Decoding,
    selection: Selection,
    spans: Sequence[Span],
    standing: Standing | None,
    progress: Callable[[int], None] = lambda _: None,
    *,
    most: int | None = None,
    personal: bool = False,
) -> Preview:
    """Reads all of it, or up to `most` that meet, and writes nothing. Raises BrokerUnavailable, RegistryUnavailable, Personal."""
    types: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    samples: dict[str, list[Sample]] = {}
    copies = 0
    for found in search(brokers, decoding, selection, spans, limit=most, personal=personal, progress=progress):
        if hygiene.was_replayed(found):
            copies += 1
            continue
        verdict = standing.verdict(found) if standing else ""
        verdicts[verdict] += 1
        types[decoding.type_of(found) or "unreadable"] += 1
        keys[_text(found.key)] += 1
        if len(kept := samples.setdefault(verdict, [])) < SAMPLES:
            kept.append(_sample(found, decoding, verdict))
    return Preview(
        sum(span.offsets for span in spans),
        types.total(),
        copies,
        dict(types.most_common()),
        dict(keys.most_common(KEYS)),
        dict(verdicts.most_common()) if standing else {},
        [sample for verdict in samples.values() for sample in verdict],
    )


def _sample(found: Found, decoding: Decoding, verdict: str) -> Sample:
    event = decoding.event(found)
    place = f"{found.topic}/{found.partition}/{found.offset}"
    after = hygiene.replayed(found, "(its id)")
    before, new = headers(found, event), headers(found._replace(headers=tuple(after)), event)
    return Sample(place, event.type or "unreadable", masked(event) or event.problem, before, new, verdict)


def _text(key: bytes | None) -> str:
    return "(no key)" if key is None else spelled(key.decode(errors="surrogateescape"))

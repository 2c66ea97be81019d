"""A selection, found: its records in the order of the log, partition by partition as they come."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from api.console.matching import Matcher
from api.console.reading import found, read
from api.console.sifting import Sieve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from api.console.decoding import Decoding
    from api.console.found import Found, Span
    from api.console.selection import Selection


def search(
    brokers: str,
    decoding: Decoding,
    selection: Selection,
    spans: Sequence[Span],
    *,
    limit: int | None = None,
    personal: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Found]:
    """Each record of the spans that meets the selection's conditions; no more than `limit` of them. `personal`: fields that are
    masked may be asked about.

    Raises BrokerUnavailable, RegistryUnavailable, Personal.
    """
    matcher = Matcher(selection, decoding, personal=personal)
    return islice(_all(brokers, matcher, Sieve(selection, matcher), spans, progress), limit)


def _all(brokers: str, matcher: Matcher, sieve: Sieve, spans: Sequence[Span], progress: Callable[[int], None]) -> Iterator[Found]:
    for batch in read(brokers, spans, progress):
        for message in sieve(batch):
            one = found(message)
            if matcher.meets(one):
                yield one

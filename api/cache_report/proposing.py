"""Which time to live the figures of a type speak for: the first rule that applies.

The time to live is the last line, for entries go stale by their tags. A longer one saves the loads of what expired though
nothing had changed; a shorter one saves memory, and bounds for how long a lost invalidation could show.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from api.cache_report.figures import Figures

FEWEST, GOOD, POOR, MOST = 1_000, 0.9, 0.1, 0.5
SHORTEST_S = 30
NOT_TO_CACHE: Final = 0


class Rule(NamedTuple):
    """`says` is the rule in one sentence, `because` what it saw. `proposes`: seconds, 0 for not to cache, None as it is."""

    name: str
    says: str
    applies: Callable[[Figures, int | None], bool]
    proposes: Callable[[Figures, int], int | None]
    because: str


class Proposal(NamedTuple):
    """`ttl_s`: seconds, 0 for not to cache, None where it stays as it is."""

    ttl_s: int | None
    rule: str
    why: str


def propose(figures: Figures, ttl: int | None) -> Proposal:
    """`ttl`: the present one in seconds, None where each loader says it."""
    rule = next(rule for rule in RULES if rule.applies(figures, ttl))
    why = rule.because.format(
        reads=figures.reads,
        hits=figures.hit_ratio,
        expired=_needless(figures),
        stale=figures.of_misses("stale"),
        lives=spelled(_lives(figures, ttl) if ttl else None),
    )
    return Proposal(None if ttl is None else rule.proposes(figures, ttl), rule.name, why)


def spelled(seconds: float | None) -> str:
    """As people say it: `2 h`, `90 s`; in the largest unit that leaves nothing, or nearly, behind."""
    if seconds is None:
        return "ever"
    for unit, size in (("h", 3_600), ("min", 60)):
        if seconds >= 10 * size or (seconds >= size and seconds % size == 0):
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:,.0f} s"


def _needless(figures: Figures) -> float:
    """The share of misses that a time twice as long could have saved. What was refused leaves generations and no entry, too."""
    misses = figures.counts["miss"]
    return max(0, figures.counts["expired"] - figures.counts["refused"]) / misses if misses else 0.0


def _lives(figures: Figures, ttl: int) -> float | None:
    """Seconds until something makes an entry stale, on the average at most: entries are kept for `ttl` or less. None: never."""
    stale = figures.counts["stale"]
    return ttl * figures.counts["kept"] / stale if stale else None


def _longer(figures: Figures, ttl: int) -> int:
    lives = _lives(figures, ttl)
    return 2 * ttl if lives is None else max(ttl, int(min(2 * ttl, lives)))


def _shorter(_: Figures, ttl: int) -> int:
    return ttl // 2 if ttl // 2 >= SHORTEST_S else NOT_TO_CACHE


RULES: Final = (
    Rule(
        "few reads",
        f"Fewer than {FEWEST:,} reads say nothing.",
        lambda figures, _: figures.reads < FEWEST,
        lambda *_: None,
        "{reads:,} reads",
    ),
    Rule("loader", "Each loader says how long: it knows better.", lambda _, ttl: ttl is None, lambda *_: None, "loaders say"),
    Rule(
        "longer",
        f"Hits below {GOOD:.0%} and {MOST:.0%} or more of the misses expired though nothing had changed: twice as long, "
        "up to the time in which an entry goes stale anyway.",
        lambda figures, ttl: (
            figures.hit_ratio < GOOD and _needless(figures) >= MOST and ttl is not None and _longer(figures, ttl) > ttl
        ),
        _longer,
        "{expired:.0%} of the misses had expired; an entry lives for {lives} before it goes stale",
    ),
    Rule(
        "not to cache",
        f"Hits below {POOR:.0%} and {MOST:.0%} or more of the misses stale: it changes before it is read again, do not cache it.",
        lambda figures, _: figures.hit_ratio < POOR and figures.of_misses("stale") >= MOST,
        lambda *_: NOT_TO_CACHE,
        "{hits:.0%} hits, {stale:.0%} of the misses were stale",
    ),
    Rule(
        "shorter",
        f"Hits below {POOR:.0%} otherwise: it is kept for nobody, half as long; below {SHORTEST_S} s do not cache it.",
        lambda figures, _: figures.hit_ratio < POOR,
        _shorter,
        "{hits:.0%} hits",
    ),
    Rule(
        "as it is",
        "Otherwise as it is: neither twice nor half as long would save much.",
        lambda *_: True,
        lambda *_: None,
        "{hits:.0%} hits, {expired:.0%} of the misses had expired",
    ),
)

"""What figures speak for: the rules one by one, and what holds for all of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cache_report.figures import Figures
from api.cache_report.proposing import FEWEST, GOOD, NOT_TO_CACHE, RULES, SHORTEST_S, propose, spelled

COUNTS = st.integers(0, 100_000)
TTLS = st.integers(1, 100_000)


def figures_of(hit: int, stale: int = 0, expired: int = 0, absent: int = 0, refused: int = 0, kept: int | None = None) -> Figures:
    miss = stale + expired + absent
    known = {"hit": hit, "miss": miss, "stale": stale, "expired": expired, "absent": absent, "refused": refused}
    return Figures(Counter({**known, "kept": miss if kept is None else kept}))


FIGURES = st.builds(figures_of, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)


@pytest.mark.parametrize(
    ("figures", "rule", "ttl"),
    [
        (figures_of(hit=500, expired=499), "few reads", None),
        (figures_of(hit=500, expired=500), "longer", 600),
        (figures_of(hit=500, expired=300, absent=200), "longer", 600),
        (figures_of(hit=500, expired=249, absent=251), "as it is", None),
        (figures_of(hit=500, expired=350, absent=150, refused=150), "as it is", None),
        (figures_of(hit=900, expired=100), "as it is", None),
        (figures_of(hit=500, expired=300, stale=200, kept=300), "longer", 450),
        (figures_of(hit=500, expired=300, stale=200, kept=200), "as it is", None),
        (figures_of(hit=0, expired=1_000), "longer", 600),
        (figures_of(hit=99, stale=901), "not to cache", NOT_TO_CACHE),
        (figures_of(hit=99, absent=901), "shorter", 150),
        (figures_of(hit=100, absent=900), "as it is", None),
        (figures_of(hit=999, stale=1), "as it is", None),
    ],
)
def test_each_rule_speaks_where_it_should(figures: Figures, rule: str, ttl: int | None) -> None:
    made = propose(figures, 300)
    assert (made.rule, made.ttl_s) == (rule, ttl)


def test_what_is_short_and_kept_for_nobody_is_not_to_be_cached() -> None:
    nobody = figures_of(hit=0, absent=2_000)
    assert [propose(nobody, ttl).ttl_s for ttl in (2 * SHORTEST_S, 2 * SHORTEST_S - 1)] == [SHORTEST_S, NOT_TO_CACHE]


def test_a_type_whose_loaders_say_how_long_gets_no_proposal() -> None:
    made = propose(figures_of(hit=0, stale=2_000), None)
    assert (made.rule, made.ttl_s) == ("loader", None)


@given(FIGURES, TTLS)
def test_a_proposal_is_never_beyond_twice_and_never_below_half(figures: Figures, ttl: int) -> None:
    proposed = propose(figures, ttl).ttl_s
    assert proposed in {None, NOT_TO_CACHE} or ttl // 2 <= proposed <= 2 * ttl
    assert proposed != ttl


@given(FIGURES, TTLS)
def test_no_entry_is_to_be_kept_beyond_the_time_in_which_it_goes_stale(figures: Figures, ttl: int) -> None:
    proposed = propose(figures, ttl).ttl_s
    if proposed is not None and proposed > ttl:
        assert proposed * figures.counts["stale"] <= ttl * figures.counts["kept"]


@given(FIGURES, TTLS)
def test_who_hits_well_is_left_alone_and_who_is_hardly_read_is_not_judged(figures: Figures, ttl: int) -> None:
    if figures.reads < FEWEST or figures.hit_ratio >= GOOD:
        assert propose(figures, ttl).ttl_s is None


@given(FIGURES, TTLS, st.integers(2, 50))
def test_more_of_the_same_says_the_same(figures: Figures, ttl: int, times: int) -> None:
    more = Figures(Counter({name: count * times for name, count in figures.counts.items()}))
    if figures.reads >= FEWEST:
        assert propose(more, ttl)[:2] == propose(figures, ttl)[:2]


@given(FIGURES, TTLS, COUNTS)
def test_more_that_changed_never_speaks_for_a_longer_time(figures: Figures, ttl: int, changed: int) -> None:
    """The same reads, some of whose expired entries had gone stale instead."""
    moved = min(changed, figures.counts["expired"])
    other = Figures(figures.counts + Counter())
    other.counts["expired"] -= moved
    other.counts["stale"] += moved
    before, after = (propose(each, ttl).ttl_s for each in (figures, other))
    assert (ttl if after is None else after) <= (ttl if before is None else before)


def test_the_document_says_every_rule_in_the_same_words() -> None:
    text = " ".join(Path("docs/caching.md").read_text(encoding="utf-8").split())
    for rule in RULES:
        assert rule.says in text, rule.name


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(300, "5 min"), (90, "90 s"), (3_600, "1 h"), (5_400, "90 min"), (450, "450 s"), (28_800, "8 h"), (1_013, "17 min")],
)
def test_seconds_are_said_as_people_do(seconds: int, said: str) -> None:
    assert spelled(seconds) == said

"""The soak's own sums, and that its events are what it says: on the real handlers, without a server."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from agents import NAMES, domains
from bench.soak.counting import Difference, compare_rows, compare_tallies, differences, records_of, rows_of, worst
from bench.soak.judging import growth, objections, slope_per_h
from bench.soak.life import SESSIONS, Life
from bench.soak.population import Population
from bench.soak.processes import Sample
from bookly.outgoing import written
from bookly.testing import given

if TYPE_CHECKING:
    from bookly.testing.bench import DomainBench

MIDNIGHT = datetime(2026, 11, 2, tzinfo=UTC)
SMALL = Population(users=20, resources=6, reservations=4, roles=3, categories=2, probes=1, midnight=MIDNIGHT)


class Whole:
    """All five domains, each on a bench; who emits is heard by all."""

    def __init__(self) -> None:
        self.benches: dict[str, DomainBench] = {name: given(domains()[name]) for name in NAMES}
        self.records: Counter[str] = Counter()

    def take(self, event: Any) -> None:
        waiting = [written(event, "test", {})[1]]
        while waiting:
            record = waiting.pop(0)
            self.records[record.TYPE] += 1
            for name, bench in self.benches.items():
                if type(record) in domains()[name].handlers:
                    waiting += bench.when(record).emitted

    def read(self, domain: str, table: str) -> list[tuple[str, Any]]:
        return [(key, msgspec.to_builtins(row)) for key, row in self.benches[domain].tables[table].items()]

    @property
    def keys(self) -> dict[str, set[str]]:
        return {f"{name} {table}": set(rows) for name, bench in self.benches.items() for table, rows in bench.tables.items()}


@pytest.fixture(scope="module")
def played() -> tuple[Whole, Life, dict[str, set[str]]]:
    """A population to which 3,000 things have happened, and the keys that there were after 1,500."""
    whole, life = Whole(), Life(SMALL, seed=7)
    for step in SMALL.steps():
        for event in step:
            whole.take(event)
    halfway: dict[str, set[str]] = {}
    for number, event in enumerate(life.events(3_000)):
        whole.take(event)
        if number == 1_500:
            halfway = whole.keys
    return whole, life, halfway


def test_every_record_is_expected_those_that_agents_emit_included(played: tuple[Whole, Life, Any]) -> None:
    whole, life, _ = played
    assert whole.records == records_of(SMALL) + life.records


def test_every_row_shows_the_number_that_is_expected_of_it(played: tuple[Whole, Life, Any]) -> None:
    whole, life, _ = played
    compared = compare_rows(rows_of(SMALL, life.changes), whole.read)
    assert compared == dict.fromkeys(compared, Difference(0, 0))


def test_what_goes_on_for_ever_brings_no_new_row(played: tuple[Whole, Life, dict[str, set[str]]]) -> None:
    whole, _, halfway = played
    grown = {table: keys - halfway[table] for table, keys in whole.keys.items() if keys - halfway[table]}
    held = {"auth grants", "availability permissions", "stockpile permissions"}
    assert grown.keys() <= held, "who holds a role changes, for ever"


def test_who_signs_in_and_out_for_ever_has_few_open_sessions(played: tuple[Whole, Life, Any]) -> None:
    whole, _, _ = played
    assert max(len(row["open"]) for _, row in whole.read("auth", "sessions")) == SESSIONS


def test_a_slope_is_that_of_the_straight_line_and_an_hour_is_its_unit() -> None:
    assert slope_per_h([0, 1, 2, 3], [5.0, 7.0, 9.0, 11.0]) == pytest.approx(7_200)
    assert slope_per_h([0, 1, 2, 3], [4.0, 4.0, 4.0, 4.0]) == 0.0


def test_what_happens_while_it_warms_up_is_no_growth() -> None:
    rising = [Sample(second, 50.0 + 10 * second, 10 + second) for second in range(10)]
    flat = [Sample(10 + second, 150.0, 20) for second in range(91)]
    grown = growth({"auth": [*rising, *flat], "reports": flat})
    assert (grown["rss_slope_mb_per_h"], grown["fd_slope_per_h"]) == (0.0, 0.0)


def test_a_run_of_a_second_has_no_slope() -> None:
    grown = growth({"auth": [Sample(0.0, 150.0, 20), Sample(1.0, 151.0, 20)]})
    assert (grown["rss_slope_mb_per_h"], grown["fd_slope_per_h"]) == (None, None)


def test_the_worst_worker_is_told_with_each_beside_it() -> None:
    flat = [Sample(minute * 60.0, 150.0, 20) for minute in range(61)]
    leaking = [Sample(minute * 60.0, 150.0 + minute / 5, 20 + minute // 30) for minute in range(61)]
    grown = growth({"auth": flat, "reports": leaking})
    assert grown["rss_slope_mb_per_h"] == pytest.approx(12.0)
    assert grown["rss_slope_mb_per_h_by_worker"] == {"auth": 0.0, "reports": pytest.approx(12.0)}
    assert grown["fd_slope_per_h"] > 1.0


def test_what_one_key_lacks_is_not_made_good_by_what_another_has_too_often() -> None:
    assert differences({"a": 3, "b": 3}, {"a": 2, "b": 5, "c": 1}) == Difference(lost=1, double=3)


def test_a_dead_letter_is_lost_and_a_record_counted_twice_is_doubled() -> None:
    tallies = {"auth": Counter(applied=7, ignored=2, dead=1), "reports": Counter(applied=9, ignored=2)}
    assert compare_tallies(tallies, {"auth": 10, "reports": 10}) == {"auth": Difference(1, 0), "reports": Difference(0, 1)}


def test_a_row_that_lags_or_is_not_there_has_lost_what_it_does_not_show() -> None:
    rows = {"auth users": [("ann", {"full_name": "name#3"}), ("bob", {"full_name": "name#9"})]}
    compared = compare_rows({"auth users": {"ann": 4, "bob": 8, "cem": 2}}, lambda domain, table: rows[f"{domain} {table}"])
    assert compared == {"auth users": Difference(lost=3, double=1)}


def test_of_three_counts_the_worst_is_told() -> None:
    rows = {"auth users": Difference(2, 0), "auth roles": Difference(1, 0)}
    counts = {"log": {"all": Difference(0, 0)}, "rows": rows, "tallies": {"auth": Difference(1, 4)}}
    assert worst(counts) == Difference(3, 4)


GOOD = {"lost": 0, "double": 0, "seconds": 4_000.0, "rss_slope_mb_per_h": 1.0, "fd_slope_per_h": 0.0}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({}, ""),
        ({"lost": 2}, "2 events were lost"),
        ({"double": 1}, "1 events were double"),
        ({"rss_slope_mb_per_h": 30.0}, "memory grows by 30.0 MB an hour; 8 are allowed"),
        ({"fd_slope_per_h": 2.0}, "open files grow by 2.0 an hour; 1 are allowed"),
        ({"rss_slope_mb_per_h": 30.0, "seconds": 60.0}, ""),
    ],
)
def test_what_is_not_exact_or_not_flat_is_said_and_a_short_run_has_no_slope(found: dict[str, Any], said: str) -> None:
    assert "".join(objections({**GOOD, **found})) == said

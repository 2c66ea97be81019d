"""A month of old events read again gives the windows that it gave when it came; and what a rebuild says when it does not."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from agents.domain import Domain
from agents.rebuild.comparing import corrected, differences
from agents.rebuild.folding import Fold, settled
from agents.reports import DOMAIN
from agents.reports.demand import record_demand
from agents.reports.tables import DAY, Audit, Demand, ReportsState
from bench.windows.memory import million
from bench.windows.months import BEGIN, again, live, mismatches, month
from bench.windows.orders import try_orders
from bookly.records.availability import ReservationCreated
from tests.unit.clock import at, hour
from tests.unit.facts import asked


@pytest.mark.parametrize("seed", range(3))
def test_replay_of_a_month_of_old_events_gives_the_windows_of_live_arrival(seed: int) -> None:
    wrong, hours = mismatches(seed, 600)
    assert wrong == 0
    assert hours > 600


def test_live_arrival_and_replay_close_hours_at_other_times_and_end_alike() -> None:
    topics = month(5, 300)
    one, other = live(5, topics), again(6, topics)
    assert one.rows["watermarks"] != other.rows["watermarks"]  # else the two would be the same thing twice
    assert sum(row.late_kept for row in other.rows["watermarks"].values()) > 0
    assert sum(row.late_dropped for fold in (one, other) for row in fold.rows["watermarks"].values()) == 0


def test_a_figure_that_is_not_what_the_log_says_is_a_difference_and_is_corrected() -> None:
    fold = Fold(DOMAIN)
    for event in (at(1, asked("r-1", 9, 10)), at(5, asked("r-2", 9, 10))):
        fold.apply(event)
    key = f"room-1|{hour(1)}"
    right: Demand = fold.rows["demand"][key]
    rows = {name: dict(of_table) for name, of_table in fold.rows.items()}
    rows["demand"][key] = replace(right, asked=7, revision=3, due=0)
    rows["audit"]["ann"] = Audit()
    del rows["counted"]["r-1"]  # forgotten on one side, which is no figure
    found = list(differences(DOMAIN, rows, fold.rows))
    assert [str(one) for one in found] == [f"demand {key}: asked 7 live, 1 rebuilt", "audit ann: only live"]
    assert corrected(found[0]) == replace(right, revision=3, due=1)  # told again, as the next revision
    assert corrected(found[1]) is None
    assert corrected(found[0]._replace(live=None)).revision == 0
    amended = found[0]._replace(live=Demand(used_minutes=7))
    assert corrected(amended).due, "nobody was told of it: it only had minutes, and the log has demand"


def test_both_sides_forget_what_is_too_old_before_they_are_compared() -> None:
    topics = month(7, 50)
    one, other = live(7, topics), again(8, topics)
    other.settle(BEGIN + 365 * DAY)
    assert not list(differences(DOMAIN, settled(DOMAIN, one.rows, BEGIN + 365 * DAY), other.rows))


def test_an_event_whose_handler_raises_is_named_and_leaves_no_trace() -> None:
    def break_down(event: ReservationCreated, state: ReportsState) -> None:
        record_demand(event, state)
        raise ValueError("as it always does")

    fold = Fold(Domain.of("reports", ReportsState, (break_down,)))
    fold.apply(at(1, asked("r-1", 9, 10)))
    assert [said.partition(" ")[0] for said in fold.failed] == [ReservationCreated.TYPE]
    assert not any(fold.rows.values())


def test_the_bench_tries_what_it_says_and_a_round_of_keys_is_forgotten() -> None:
    tried = try_orders(30, seed=4)
    assert (tried.orders, tried.mismatches) == (30, 0)
    assert tried.late_kept > 100
    held = million(3_000)
    assert held.left_rows < 100

"""A month of old events read again gives the windows that it gave when it came; and what a rebuild says when it does not."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from agents.domain import Domain
from agents.rebuild.command import Rebuilt
from agents.rebuild.comparing import corrected, differences, remembered
from agents.rebuild.folding import Fold, Rows, settled
from agents.rebuild.snapshot import Live
from agents.reports import DOMAIN
from agents.reports.demand import record_demand
from agents.reports.tables import DAY, Audit, Demand, Lead, ReportsState
from agents.windows import Counted
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


def test_both_sides_forget_the_same_though_silence_has_moved_only_the_live_watermark() -> None:
    topics = month(7, 400, days=150)
    one, other = live(7, topics), again(8, topics)
    begin = max(mark.at for mark in one.rows["watermarks"].values())
    for days in (40, 80):  # nobody reserves any more, and the clock goes on: the hours of the first weeks are forgotten
        for ticks in range(50):
            one.tick(begin + days * DAY + ticks)
    assert len(one.rows["demand"]) < len(other.rows["demand"])
    assert list(differences(DOMAIN, one.rows, other.rows)), "as they stand, they differ"
    ours, theirs = settled(DOMAIN, one.rows, other.rows, BEGIN + 365 * DAY)
    assert ours["demand"], "a hundred days are kept"
    assert not list(differences(DOMAIN, ours, theirs))


def test_what_either_side_has_counted_is_not_counted_again_after_a_switch() -> None:
    of_ours = {"r-1": Counted(5, ("asked",)), "r-2": Counted(5, ("asked",))}
    ours: Rows = {"counted": of_ours, "leads": {"r-1": Lead(5, requested_at=3)}}
    theirs: Rows = {
        "counted": {"r-1": Counted(9, ("asked", "used")), "r-2": Counted(5, ("asked",)), "r-3": Counted(5, ("asked",))},
        "leads": {"r-1": Lead(4, decided_at=7, taken=True)},
    }
    found = list(remembered(DOMAIN, ours, theirs))
    assert [(one.table, one.key) for one in found] == [("counted", "r-1"), ("counted", "r-3"), ("leads", "r-1")]
    joined, new, lead = map(corrected, found)
    assert joined == Counted(9, ("asked", "used"))
    assert new == Counted(5, ("asked",))
    assert lead == Lead(5, requested_at=3, decided_at=7, taken=True)


def test_an_hour_that_was_wrong_and_not_told_yet_is_told_as_if_it_had_been_right_all_along() -> None:
    fold = Fold(DOMAIN)
    fold.apply(at(1, asked("r-1", 9, 10)))
    key = f"room-1|{hour(1)}"
    spoilt = {name: dict(of_table) for name, of_table in fold.rows.items()}
    spoilt["demand"][key] = replace(spoilt["demand"][key], asked=7)
    ours, theirs = settled(DOMAIN, spoilt, fold.rows, hour(1) + 365 * DAY)
    ours["demand"][key] = replace(ours["demand"][key], revision=1, due=0, peaks=("busy",))  # in the copy it has been told
    found = Rebuilt(live={0: Live(spoilt, {})}, by_partition={0: list(differences(DOMAIN, ours, theirs))})
    [one] = found.corrections()[0]
    assert corrected(one) == fold.rows["demand"][key], "nobody was told of it: its first telling is still to come"


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

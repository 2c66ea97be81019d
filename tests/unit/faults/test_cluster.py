"""What a run on a cluster says of how long things stood still."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import typer

from faults.cluster import Kill, Worked, behind, figures, invalidated, main, stood

if TYPE_CHECKING:
    from pathlib import Path

USUAL = [(float(at), 300, at) for at in range(10)]


@pytest.mark.parametrize(
    ("after", "wanted"),
    [
        ([(11.0, 300, 0), (12.0, 600, 0)], 0.0),
        ([(11.0, 300, 0), (12.0, 601, 0), (14.5, 900, 0), (16.0, 500, 0)], 4.5),
        ([(12.0, 900, 0), (41.0, 900, 0)], 2.0),  # of the next kill
    ],
)
def test_a_group_is_behind_until_it_is_no_further_back_than_twice_the_usual(
    after: list[tuple[float, int, int]], wanted: float
) -> None:
    assert behind([*USUAL, *after], 10.0, 30.0) == wanted


def test_invalidations_stood_still_for_the_longest_gap_of_a_worker_after_the_kill(tmp_path: Path) -> None:
    for worker, times in enumerate(([5.5, 9.9, 10.4, 12.0], [9.0, 10.1, 16.1, 16.2, 45.0])):
        lines = [json.dumps({"kind": "stale", "at": at, "rows": {}}) for at in times] + [
            json.dumps({"kind": "slice", "at": 13.0})
        ]
        (tmp_path / f"evidence-{worker}-0.jsonl").write_text("\n".join(lines))
    assert stood(invalidated(tmp_path), 10.0, 30.0) == pytest.approx(6.0)


def test_a_run_in_which_nobody_would_be_killed_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="nobody would be killed"):
        main(minutes=0.5, every=30)


def test_the_figures_have_every_invariant_and_times_of_all_kills() -> None:
    kills = [Kill(0.0, 1, 7000), Kill(30.0, 2, 7001), Kill(60.0, 3, 7002)]
    found = figures(Worked(9, 0, 9, 0, 0, kills, [1.0, 2.0, 9.0], [0.5, 0.5, 0.75], 4, []))
    assert found["kills"] == {"broker": 3, "redis_master": 3}
    assert not any(found["violations"].values())
    assert found["group_behind_s"] == {"median": 2.0, "max": 9.0}

"""The figures' file has many writers, each of its own section."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.catalogue import chosen
from bench.errors import BenchError
from bench.figures import Run, fold_figures
from bench.plot import draw, main
from bench.report import drop, merge, read

if TYPE_CHECKING:
    from pathlib import Path


def test_a_section_is_replaced_and_others_are_kept(tmp_path: Path) -> None:
    target = tmp_path / "build" / "bench.json"
    merge("scaling", {"1": 1.0, "2": 1.8}, target)
    merge("fold", {"raw": 1}, target)
    merge("fold", {"quix": 2}, target)
    assert read(target) == {"scaling": {"1": 1.0, "2": 1.8}, "fold": {"quix": 2}}


def test_a_ratio_that_was_not_measured_again_does_not_stay_beside_new_figures(tmp_path: Path) -> None:
    target = tmp_path / "bench.json"
    merge("ratio_to_quix", 30.0, target)
    merge("scaling", {}, target)
    drop(["ratio_to_quix", "ratio_to_raw"], target)
    assert read(target) == {"scaling": {}}


def test_nothing_measured_is_nothing_read(tmp_path: Path) -> None:
    assert read(tmp_path / "bench.json") == {}


def test_the_picture_names_every_peer_and_is_the_same_for_the_same_figures(tmp_path: Path) -> None:
    peers = chosen(["ours", "raw", "quix"])
    runs = {peer.name: [Run(1.0, 0.1, 1000, 1000, 1000), Run(2.0, 0.2, 1000, 1000, 1000)] for peer in peers}
    first, second = tmp_path / "1.svg", tmp_path / "2.svg"
    for target in (first, second):
        draw(fold_figures(peers, runs), target)
    assert first.read_bytes() == second.read_bytes()
    assert all(f"<!-- {name}" in first.read_text(encoding="utf-8") for name in runs)


def test_there_is_no_picture_without_figures(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="measure first"):
        main(tmp_path / "bench.json", tmp_path / "out.svg")

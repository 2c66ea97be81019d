"""What a load costs, reckoned from measured figures; and that docs/scaling.md says it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import typer

from agents.timers import AT_ONCE
from bench.errors import BenchError
from bench.sizing import __main__ as command
from bench.sizing.measured import FIGURES, Measured, event_bytes, measured_in, remembered
from bench.sizing.page import BEGIN, END, PAGE, with_tables
from bench.sizing.reckoning import TIMERS_A_PARTITION, Load, size
from contracts.schemas import ROOT
from contracts.topics import load_topics

if TYPE_CHECKING:
    from pathlib import Path

MEASURED = Measured("2026-11-28", 2, {1_000: 2.0, 100_000: 8.0}, 1.25, 1.0, 500_000, 200, 150, 500)
ALONE = Load(100_000, 1_000, groups=1)
BENCH = {
    "measured": {"at": "2026-11-28", "cores": 2},
    "growth": {
        "keys_touched": {"sizes": {str(keys): {"cpu_us_per_event": {"median": us}} for keys, us in MEASURED.cpu_us.items()}},
        "domains": {"sizes": {"5": {"ratio": 1.25}}},
    },
    "scaling_about": {"server_cpu_us_per_event": {"1": {"median": 1.0}}},
    "recovery": {"records_per_s": {"engine": {"median": 500_000.0}}},
    "bytes_per_key": 200,
}


def test_the_pages_tables_are_made_from_the_figures_beside_it() -> None:
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    assert with_tables(page, remembered(ROOT / FIGURES)) == page, "run: python -m bench.sizing --write"


def test_the_event_that_the_page_counts_is_the_one_of_the_contracts() -> None:
    assert remembered(ROOT / FIGURES).event_bytes == event_bytes(), "run: python -m bench.sizing --write"


def test_partitions_retention_and_timers_are_those_of_the_system() -> None:
    assert {topic.partitions for topic in load_topics()} == {Load(1, 1).partitions}
    assert {topic.retention_days for topic in load_topics()} == {400}
    assert TIMERS_A_PARTITION == AT_ONCE


def test_cost_lies_between_two_measured_numbers_of_keys_and_beyond_them_is_that_of_the_nearest() -> None:
    assert [MEASURED.cpu_of(keys) for keys in (1, 1_000, 10_000, 100_000, 10**9)] == pytest.approx([2.0, 2.0, 5.0, 8.0, 8.0])


def test_cores_are_events_times_groups_times_cost_and_company_costs() -> None:
    assert size(ALONE, MEASURED).worker_cores == 0.2
    assert size(replace(ALONE, groups=4), MEASURED).worker_cores == 1.0
    assert size(replace(ALONE, groups=4), MEASURED).server_cores == 0.4


def test_a_worker_uses_no_more_than_its_share_of_a_core() -> None:
    assert [size(replace(ALONE, share=share), MEASURED).workers_a_group for share in (1.0, 0.2, 0.19, 0.05)] == [1, 1, 2, 4]


def test_there_is_a_partition_for_each_worker_and_each_has_its_timers() -> None:
    found = size(replace(ALONE, share=0.02), MEASURED)
    assert (found.workers_a_group, found.partitions, found.timers_per_s) == (10, 10, 10_000)
    assert size(ALONE, MEASURED).partitions == 4


def test_the_first_limit_is_what_a_worker_a_partition_does() -> None:
    assert size(ALONE, MEASURED).first_limit == 4 * 250_000


def test_memory_is_what_is_held_after_one_was_lost() -> None:
    load = Load(100_000, 100_000, groups=1, share=0.4)
    assert size(load, MEASURED).workers_a_group == 2
    assert size(load, MEASURED).memory_mb == 150 + 40
    assert size(replace(load, share=0.2), MEASURED).memory_mb == 150 + 13


def test_recovery_is_noticing_and_reading_the_rows_of_one_worker() -> None:
    load = Load(100_000, 1_000_000, groups=1, share=1.0)
    assert size(load, MEASURED).recovery_s == 13 + 4
    assert size(replace(load, share=0.4), MEASURED).recovery_s == 13 + 2


def test_disk_is_every_copy_of_400_days() -> None:
    assert size(ALONE, MEASURED).disk_tb == round(100_000 * 500 * 86_400 * 400 * 3 / 1e12, 1)


@pytest.mark.parametrize("wrong", [{"keys": 0}, {"events_per_s": -1}, {"share": 0.0}, {"share": 1.1}, {"replication": 0}])
def test_what_is_no_load_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BenchError, match="a load is of whole numbers"):
        size(replace(ALONE, **wrong), MEASURED)


def test_figures_come_from_the_last_measurement() -> None:
    found = measured_in(BENCH)
    assert replace(found, worker_mb=150, event_bytes=500) == MEASURED


@pytest.mark.parametrize("missing", sorted(BENCH))
def test_a_measure_that_is_missing_is_named(missing: str) -> None:
    with pytest.raises(BenchError, match=rf"no '{missing}': run make bench"):
        measured_in({name: figures for name, figures in BENCH.items() if name != missing})


def test_a_page_without_its_marks_is_refused() -> None:
    for page in ("", BEGIN, END):
        with pytest.raises(BenchError, match="put them back"):
            with_tables(page, MEASURED)


def test_the_command_reckons_with_what_the_page_quotes_where_nothing_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "TARGET", tmp_path / "bench.json")
    monkeypatch.chdir(ROOT)
    command.main(events_per_s=10_000, keys=10_000)
    told = json.loads(capsys.readouterr().out)
    kept = remembered(ROOT / FIGURES)
    assert told["measured"]["at"] == kept.at
    assert told["size"]["workers_a_group"] == size(Load(10_000, 10_000), kept).workers_a_group


def test_a_wrong_load_is_a_sentence_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "TARGET", tmp_path / "bench.json")
    monkeypatch.chdir(ROOT)
    with pytest.raises(typer.Exit) as ended:
        command.main(keys=0)
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err.startswith("sizing: a load is")

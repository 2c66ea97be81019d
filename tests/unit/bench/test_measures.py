"""From what the sides said to the figures of build/bench.json."""

from __future__ import annotations

from typing import Any

from bench import growth, latency, recovery, scaling


def test_recovery_is_compared_with_the_faster_raw_reader() -> None:
    def took(*seconds: float) -> list[dict[str, Any]]:
        return [{"seconds": one, "cpu_s": 0.5, "grown_bytes": 200_000, "records": 1_000} for one in seconds]

    found = recovery.summary(1_000, {"engine": took(2.0, 2.0), "confluent": took(1.5, 1.5), "aiokafka": took(1.0, 1.0)})
    assert found["recovery_ratio_to_raw_consume"] == 0.5
    assert found["recovery"]["fastest_raw"] == "aiokafka"
    assert found["bytes_per_key"] == 200


def test_every_key_of_a_recovered_table_is_another() -> None:
    assert len({recovery.row_key(number) for number in range(10_000)}) == 10_000


def test_latency_ratios_are_ours_over_the_raw_loop_that_empties_early() -> None:
    loaded = {"engine": [0.2, 0.3, 0.1], "raw": [0.1, 0.1, 0.1], "raw_early": [0.4, 0.4, 0.4]}
    quiet = {"engine": [0.03, 0.03], "raw": [0.01, 0.01], "raw_early": [0.02, 0.02]}
    found = latency.summary(1_000, loaded, quiet)
    assert found["p99_ratio_to_raw_at_half_load"] == 2.0
    assert found["quiet_ratio_to_raw"] == 3.0
    assert found["latency"]["p99_ratio_to_raw_early"] == 0.5
    assert found["latency"]["quiet_ratio_to_raw_early"] == 1.5


def test_an_axis_that_grows_by_more_than_a_fifth_is_not_flat() -> None:
    costs = {
        growth.Case("partitions", 4): [5.0, 5.0],
        growth.Case("partitions", 64): [6.5, 6.5],
        growth.Case("domains", 1): [5.0],
        growth.Case("domains", 5): [6.0],
    }
    found = growth.table(costs)
    assert found["partitions"]["sizes"]["64"]["ratio"] == 1.3
    assert (found["partitions"]["flat"], found["domains"]["flat"]) == (False, True)


def test_growing_one_axis_leaves_the_others_as_they_are() -> None:
    for case in growth.cases(quick=False):
        assert (case.keys == growth.USUAL_KEYS) == (case.axis != "keys_touched")
        assert (case.partitions == growth.USUAL_PARTITIONS) == (case.axis != "partitions" or case.size == growth.USUAL_PARTITIONS)
        assert len(case.workers) == (case.size if case.axis == "domains" else 1)


def test_events_are_spread_evenly_over_all_keys() -> None:
    for keys in growth.SIZES["keys_touched"][:2]:
        assert len(set(growth.spread_over(keys, keys))) == keys


def test_scaling_is_the_median_speed_and_ratios_are_of_neighbours() -> None:
    def runs(*speeds: float) -> list[scaling.Run]:
        return [scaling.Run(speed, 5.0, 2.0, 0.9) for speed in speeds]

    found = scaling.summary({1: runs(100, 200, 300), 2: runs(150, 300, 450)}, "0.25 of a core each")
    assert found["scaling"] == {"1": 200, "2": 300}
    assert found["scaling_about"]["ratio"] == {"median": 1.5, "min": 1.5, "max": 1.5}
    assert found["scaling_about"]["apart"] == "0.25 of a core each"


def test_a_worker_owns_what_it_took_over_last() -> None:
    assert scaling.owned([{"took_over": [0, 1, 2, 3]}, {"took_over": [0, 1]}, {"applied": 7}]) == 2
    assert scaling.owned([]) == 0

"""What a handful of measured values says."""

from __future__ import annotations

import pytest

from bench.samples import percentile, spread


def test_the_99th_percentile_of_a_hundred_values_is_the_second_largest() -> None:
    assert percentile([float(value) for value in range(100, 0, -1)], 0.99) == 99.0


def test_a_percentile_is_always_a_value_that_was_measured() -> None:
    assert percentile([1.0, 10.0], 0.5) == 1.0
    assert percentile([1.0, 10.0], 0.51) == 10.0
    assert percentile([3.0], 0.99) == 3.0
    assert percentile([3.0, 4.0], 0.0) == 3.0


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="no value was measured"):
        percentile([], 0.99)


def test_a_spread_is_the_median_between_the_smallest_and_the_largest() -> None:
    assert spread([3.0, 1.0, 2.5], 1) == {"median": 2.5, "min": 1.0, "max": 3.0}

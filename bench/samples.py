"""What a handful of measured values says: median, spread, percentiles."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest measured value that at least this share (0 to 1) of the values does not exceed. Raises ValueError for none."""
    if not values:
        raise ValueError("no value was measured, so there is no percentile of them")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def spread(values: Sequence[float], digits: int = 3) -> dict[str, float]:
    """Median, smallest and largest of several runs."""
    return {
        "median": round(statistics.median(values), digits),
        "min": round(min(values), digits),
        "max": round(max(values), digits),
    }

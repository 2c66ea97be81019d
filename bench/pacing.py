"""Events at a steady rate, whatever a single one takes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TICK_S = 0.001


def due(
    rate: float,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[int, float]]:
    """The number of each event and when it is due, as soon as it is; `rate` a second for `seconds`.

    A late sender is given all that is due at once, each with the time at which it should have been sent: a latency counted
    from there includes what the sender was held up by, and hides nothing.
    """
    began, sent, events = clock(), 0, round(rate * seconds)
    while sent < events:
        now = clock()
        while sent < events and began + sent / rate <= now:
            yield sent, began + sent / rate
            sent += 1
        ahead = began + sent / rate - clock()
        if sent < events and ahead > 0:
            wait(min(TICK_S, ahead))

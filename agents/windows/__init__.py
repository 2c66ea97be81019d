"""Windows on event time over plain tables: no clock, no Kafka, no Faust. A figure of a window is a row; a row is all there is.

    kinds       which windows a moment lies in: tumbling, hopping, session
    late        what becomes of late events
    rows        what a row must have to be a window's, and the watermark
    order       what is due next, made of the rows and made again after a takeover or a failure
    declaring   a declaration, in one place: size, disorder, grace, late policy, idle time, retention
    opening     counting into a window, by the rules for late events
    sessions    the same for windows that grow and merge
    closing     what the watermark, silence or retention ends
    keeping     rows that are forgotten some time after they were of use, and what was counted once

docs/windows.md says how to declare one; decision 0008 why it is done like this.
"""

from agents.windows.declaring import Windows
from agents.windows.keeping import Counted, Once, Remembered, Retention
from agents.windows.kinds import Hopping, Session, Tumbling
from agents.windows.late import Late
from agents.windows.order import Order
from agents.windows.rows import Sessions, SessionWindow, Watermark, Window, figures, with_life_of

__all__ = [
    "Counted",
    "Hopping",
    "Late",
    "Once",
    "Order",
    "Remembered",
    "Retention",
    "Session",
    "SessionWindow",
    "Sessions",
    "Tumbling",
    "Watermark",
    "Window",
    "Windows",
    "figures",
    "with_life_of",
]  # fmt: skip

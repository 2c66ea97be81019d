"""What becomes of late events: a declaration's choice."""

from __future__ import annotations

from enum import Enum


class Late(Enum):
    """What becomes of an event whose window the watermark has passed. It is counted in the watermark's row in any case."""

    COUNT = "count"  # and nothing else: what was closed stays as it was told
    KEEP = "keep"  # the figure changes in its row; who was told the old one is not told again
    PUBLISH = "publish"  # the figure changes, and the window is closed again with the next revision

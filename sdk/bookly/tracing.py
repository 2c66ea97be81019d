"""Which trace a caller may give."""

from __future__ import annotations

import re

_TRACEPARENT = re.compile("[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def is_traceparent(text: object) -> bool:
    """Whether it is one by W3C Trace Context, which refuses ids of zeros."""
    return isinstance(text, str) and _TRACEPARENT.fullmatch(text) is not None

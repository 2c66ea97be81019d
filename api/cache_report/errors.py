"""What the report's commands can say instead of a report."""

from __future__ import annotations


class NotRead(Exception):
    """An address gave no page of metrics; the message has a sentence for each, which says why."""

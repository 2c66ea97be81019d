"""What keeps a rebuild from its end."""

from __future__ import annotations

from bookly.errors import BooklyError


class NotRebuilt(BooklyError):
    """It cannot be done as things are; the message says why, and what to do. Nothing has changed."""

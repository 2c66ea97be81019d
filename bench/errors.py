"""What stops the bench, as a sentence."""

from __future__ import annotations


class BenchError(Exception):
    """The bench cannot go on; the message says why and what to do."""


class Refused(BenchError):
    """A run that does not count: its figures would compare work that was not done."""

"""The headers of an event's record, for who writes records without a producer."""

from bookly.records.sealing import headers_of

__all__ = ["headers_of"]

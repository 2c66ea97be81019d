"""What can go wrong, one meaning each. A message names the event, the reason and what to do; it never quotes payload data."""

# an error is named by its meaning; BooklyError says that it is one
from __future__ import annotations

_NOT_LET_IN = ("SASL", "SSL", "certificate", "HTTP 401", "HTTP 403")  # in the words of the clients


class BooklyError(Exception):
    """Root of all errors of this SDK."""


class InvalidSettings(BooklyError):
    """A setting is missing, misspelt or impossible. Nothing was opened."""


class NotOpen(BooklyError):
    """The producer was not opened yet, or is closed. Nothing was sent."""

    def __str__(self) -> str:
        return "The producer is not open: publish inside its `with` block (`async with` for Producer). Nothing was sent."


class InvalidEvent(BooklyError):
    """The event does not keep its contract. Nothing was sent, and sending it again will not help."""

    def __init__(self, event: str, field: str, reason: str) -> None:
        super().__init__(event, field, reason)
        self.event, self.field, self.reason = event, field, reason

    def __str__(self) -> str:
        place = f"field {self.field}" if self.field else "the event as a whole"
        return f"{self.event} is invalid, {place}: {self.reason}. Nothing was sent; correct the event."


class EventTooLarge(BooklyError):
    """The encoded event is above the limit. It was not given to the broker, and sending it again will not help."""

    def __init__(self, event: str, event_id: str, size: int, limit: int) -> None:
        super().__init__(event, event_id, size, limit)
        self.event, self.event_id, self.size, self.limit = event, event_id, size, limit

    def __str__(self) -> str:
        return (
            f"{self.event} {self.event_id} takes {self.size:,} bytes, the limit is {self.limit:,}. "
            "Nothing was sent; put the large part elsewhere and publish a reference to it."
        )


class UnknownSchema(BooklyError):
    """The registry answered that it does not know this subject, schema or schema id."""


class RegistryUnavailable(BooklyError):
    """The registry gave no answer within its limit. The same call may succeed later."""

    def __init__(self, url: str, wanted: str, reason: str) -> None:
        super().__init__(url, wanted, reason)
        self.url, self.wanted, self.reason = url, wanted, reason

    def __str__(self) -> str:
        advice = _advice("REGISTRY", self.reason)
        return f"The schema registry at {self.url} gave no answer about {self.wanted}: {self.reason.rstrip('.')}. {advice}"


class BrokerUnavailable(BooklyError):
    """No broker answered within the connect limit. Nothing was sent."""

    def __init__(self, brokers: str, limit: float, reason: str) -> None:
        super().__init__(brokers, limit, reason)
        self.brokers, self.limit, self.reason = brokers, limit, reason

    def __str__(self) -> str:
        advice = _advice("BROKERS", self.reason)
        return f"No Kafka broker at {self.brokers} answered within {self.limit:g} s: {self.reason.rstrip('.')}. {advice}"


class BufferFull(BooklyError):
    """The local buffer had no room within its limit. This event was not taken; those in the buffer are still being sent."""

    def __init__(self, event: str, event_id: str, limit: float) -> None:
        super().__init__(event, event_id, limit)
        self.event, self.event_id, self.limit = event, event_id, limit

    def __str__(self) -> str:
        return (
            f"{self.event} {self.event_id} found no room in the send buffer for {self.limit:g} s and was not taken. "
            "Events come faster than the broker takes them: wait, then publish it again."
        )


class DeliveryFailed(BooklyError):
    """The broker did not confirm this event. It may be on its topic nevertheless (an answer can be lost).

    Publish the same payload (the same event_id) again: readers recognise a repeated id. `code`: librdkafka's name of the
    failure (MSG_SIZE_TOO_LARGE), where it has one.
    """

    def __init__(self, event: str, event_id: str, reason: str, code: str = "") -> None:
        super().__init__(event, event_id, reason, code)
        self.event, self.event_id, self.reason, self.code = event, event_id, reason, code

    def __str__(self) -> str:
        return (
            f"{self.event} {self.event_id} was not confirmed by the broker: {self.reason}. "
            "Publish the same payload again; its event_id lets readers recognise a repeat."
        )


class MalformedBytes(BooklyError):
    """These bytes are no record of the schema that they claim: truncated, trailing or hostile."""


class RevocationsForgotten(BooklyError):
    """Redis remembers no revocations of before a token was issued. It allows nothing, now or later: another one is needed."""

    def __str__(self) -> str:
        return (
            "Redis was emptied after the token was issued, so whether it was revoked is not known any more. Nothing is allowed "
            "with it: have its owner sign in again."
        )


class CacheUnavailable(BooklyError):
    """Redis gave no answer about something that it alone decides. Nothing was allowed; the same call may succeed later."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what, reason)
        self.what, self.reason = what, reason

    def __str__(self) -> str:
        return (
            f"Redis could not answer about {self.what}: {self.reason}. Nothing is allowed without its answer. "
            "Check that it runs and that BOOKLY_REDIS names it, then try again."
        )


def _advice(setting: str, reason: str) -> str:
    if any(words in reason for words in _NOT_LET_IN):
        server = "KAFKA" if setting == "BROKERS" else setting
        return f"It runs and does not let us in: check BOOKLY_{server}_USER, its password and BOOKLY_{server}_CA."
    return f"Check that it runs and that BOOKLY_{setting} (or {setting.lower()}=) names it, then try again."

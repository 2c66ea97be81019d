"""Who Faust's clients are to the broker, and a seam of aiokafka 0.14 under uvloop.

Writing to a connection that was reset is an error that aiokafka knows:
asyncio raises OSError there, and aiokafka connects again. uvloop raises RuntimeError, which ends the task that keeps a client's
metadata: whoever waits for metadata from then on waits for ever, and with it a commit.
"""

from __future__ import annotations

from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError
from faust.auth import SASLCredentials, SSLCredentials

from bookly.access import aiokafka_access

_send = AIOKafkaConnection.send


def mend() -> None:
    """For all clients of the process."""
    AIOKafkaConnection.send = send


def send(self: Any, request: Any, expect_response: bool = True) -> Any:  # aiokafka's own signature
    try:
        return _send(self, request, expect_response)
    except RuntimeError as error:
        self.close(reason=CloseReason.CONNECTION_BROKEN)
        raise KafkaConnectionError(f"connection at {self.host}:{self.port} is closed: {error}") from error


def credentials() -> Any:
    """As Faust is told; None where the environment says nothing. Raises InvalidSettings."""
    found = aiokafka_access()
    if "sasl_mechanism" in found:
        return SASLCredentials(
            username=found["sasl_plain_username"],
            password=found["sasl_plain_password"],
            ssl_context=found["ssl_context"],
            mechanism=found["sasl_mechanism"],
        )
    return SSLCredentials(found["ssl_context"]) if found else None

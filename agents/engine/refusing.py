"""What a broker answers to a request of a transaction: taken, refused for now, or refused for good."""

from __future__ import annotations

from aiokafka.errors import for_code

SECOND = 2  # the level of transaction.version that the second protocol needs

DONE = 0
REPEATED = 46  # the batch is there already, and its offset is forgotten
# Refused for now: leaders and coordinators that move or start, replicas that are behind, a request that timed out, a storage that
# is offline, and a transaction that has to wait for the end of the one before.
FOR_NOW = frozenset({2, 3, 5, 6, 7, 13, 14, 15, 16, 19, 20, 51, 56, 75})
NOT_PERMITTED = frozenset({29, 30, 31, 53})  # a topic, a group, the cluster, a transactional id
NAMES = {90: "PRODUCER_FENCED", 120: "TRANSACTION_ABORTABLE"}  # which aiokafka does not know


class RefusedError(Exception):
    """The broker will not take this transaction, whoever asks again: it is fenced, not permitted, or wrong."""

    def __init__(self, what: str, code: int) -> None:
        super().__init__(f"{what} was refused: {NAMES.get(code) or for_code(code).__name__} ({code})")


class NotPermittedError(RefusedError):
    """The broker's access rules are against it: a restart alone does not help."""

    def __init__(self, what: str, code: int) -> None:
        Exception.__init__(
            self,
            f"{what}: the broker does not permit it: {for_code(code).__name__} ({code}). Its access rules must let this user "
            "write and describe the transactional ids and the topics of the group, and read the group",
        )


class OldProtocolError(Exception):
    """The cluster does not speak the second protocol."""

    def __init__(self, level: int) -> None:
        super().__init__(
            f"the brokers' transaction.version is {level}, and this needs {SECOND}: Kafka 4.0 or newer, where a cluster that was "
            "upgraded says so by 'kafka-features.sh upgrade --feature transaction.version=2'"
        )


def is_done(what: str, code: int) -> bool:
    """Whether it was taken. Raises RefusedError where it never will be."""
    if code in NOT_PERMITTED:
        raise NotPermittedError(what, code)
    if code not in FOR_NOW and code not in {DONE, REPEATED}:
        raise RefusedError(what, code)
    return code not in FOR_NOW

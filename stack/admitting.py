"""Users in a secured broker, and what the registry may do there: services' rights are the contracts' to give."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its __init__ names them
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from bookly.access import MECHANISM
from stack.errors import ServerDied
from stack.secrets import ADMIN, REGISTRY

if TYPE_CHECKING:
    from stack.secrets import Secrets

_ITERATIONS = 4096
_PATIENCE_S, _POLL_S = 60.0, 0.05
# Its journal, its snapshots and its news, with the groups that it reads them by.
_OWN = (
    ("topic", "kafkasql-", "ALL"),
    ("topic", "registry-events", "ALL"),
    ("group", "apicurio-", "READ"),
)


def admit(brokers: str, secrets: Secrets) -> None:
    """Every principal is a user with its password when this returns, new ones as well. Raises ServerDied."""
    from contracts.acls import bindings  # noqa: PLC0415  # a plain stack needs no contracts
    from contracts.granting import rule_of  # noqa: PLC0415

    admin = _client(brokers, secrets, ADMIN)
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _ITERATIONS)
    users: list[Any] = [
        UserScramCredentialUpsertion(name, info, secrets.password(name).encode()) for name in (*secrets.principals, REGISTRY)
    ]
    rights = [rule_of(REGISTRY, *own, prefixed=True) for own in _OWN]
    # Whoever gives all other rights cannot give itself its own.
    rights += [rule_of(*right) for right in bindings(()) if right.principal == "provisioning"]
    asked: list[Any] = [*admin.alter_user_scram_credentials(users).values(), *admin.create_acls(rights).values()]
    try:
        for answer in asked:
            answer.result(_PATIENCE_S)
    except KafkaException as error:
        raise ServerDied(f"The broker runs but took no users: {error}.") from error
    until = time.monotonic() + _PATIENCE_S
    while not answers(brokers, secrets, REGISTRY):  # a user is known a moment after the controller has taken it
        if time.monotonic() > until:
            raise ServerDied(f"The broker does not know its users {_PATIENCE_S:.0f} s after it took them.")
        time.sleep(_POLL_S)


def answers(brokers: str, secrets: Secrets, principal: str = ADMIN) -> bool:
    """Whether it answers this principal with metadata and counts itself in."""
    try:
        return bool(_client(brokers, secrets, principal, limit_ms=1000).list_topics(timeout=1.0).brokers)
    except KafkaException:
        return False


def _client(brokers: str, secrets: Secrets, principal: str, limit_ms: int = 30_000) -> AdminClient:
    return AdminClient(
        {
            "bootstrap.servers": brokers,
            "log_level": 0,
            "socket.timeout.ms": limit_ms,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": MECHANISM,
            "sasl.username": principal,
            "sasl.password": secrets.password(principal),
            "ssl.ca.location": str(secrets.authority),
        }
    )

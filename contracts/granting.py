"""The broker's access rules brought to what the contracts say of our principals: given what is missing, taken what is more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its __init__ names them
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from bookly.errors import BrokerUnavailable
from bookly.transport import admin_client
from contracts.acls import PRINCIPALS, bindings
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluent_kafka.admin import AdminClient

PATIENCE_S = 30.0
PAUSE_S = 0.05
EVERY_HOST = "*"


class Granted(NamedTuple):
    """How many rights were given, and how many that no contract calls for were taken from our principals."""

    given: int
    taken: int


def grant(brokers: str, changelogs: Iterable[str]) -> Granted | None:
    """Doing it twice changes nothing; nobody else's rights are touched. None where the broker has no authorizer.

    Rights are given before others are taken, and the broker shows all of it when this returns: it takes a moment for that.
    Raises BrokerUnavailable, ContractError where the broker refuses.
    """
    try:
        return _aligned(admin_client(brokers), brokers, {rule_of(*binding) for binding in bindings(changelogs)})
    except KafkaException as error:
        if error.args[0].code() == KafkaError.SECURITY_DISABLED:  # said when rights are given: who asks for them is shown none
            return None
        raise _refused(brokers, error) from error


def _aligned(admin: AdminClient, brokers: str, wanted: set[Any]) -> Granted:
    found = _rules(admin)
    ours = {rule for rule in found if rule.principal in {f"User:{name}" for name in PRINCIPALS}}
    missing, more = wanted - found, ours - wanted
    for given in (admin.create_acls(list(missing), request_timeout=PATIENCE_S) if missing else {}).values():
        _answer(given)
    exact = [_exactly(rule) for rule in more]
    for taken in (admin.delete_acls(exact, request_timeout=PATIENCE_S) if exact else {}).values():
        _answer(taken)
    deadline = time.monotonic() + PATIENCE_S
    while not wanted <= (shown := _rules(admin)) or more & shown:
        if time.monotonic() > deadline:
            raise BrokerUnavailable(brokers, PATIENCE_S, "it does not show the rights that it gave")
        time.sleep(PAUSE_S)
    return Granted(len(missing), len(more))


def _rules(admin: AdminClient) -> set[Any]:
    """All that the broker shows."""
    any_name: Any = None  # the stubs want a text
    everything = AclBindingFilter(
        ResourceType.ANY, any_name, ResourcePatternType.ANY, any_name, any_name, AclOperation.ANY, AclPermissionType.ANY
    )
    return set(_answer(admin.describe_acls(everything, request_timeout=PATIENCE_S)))


def rule_of(principal: str, kind: str, name: str, operation: str, prefixed: bool) -> Any:
    pattern = ResourcePatternType.PREFIXED if prefixed else ResourcePatternType.LITERAL
    allow = AclPermissionType.ALLOW
    return AclBinding(ResourceType[kind.upper()], name, pattern, f"User:{principal}", EVERY_HOST, AclOperation[operation], allow)


def _exactly(rule: Any) -> Any:
    return AclBindingFilter(
        rule.restype,
        rule.name,
        rule.resource_pattern_type,
        rule.principal,
        rule.host,
        rule.operation,
        rule.permission_type,
    )


def _answer(future: Any) -> Any:
    return future.result(PATIENCE_S)


def _refused(brokers: str, error: KafkaException) -> Exception:
    code = error.args[0].code()
    if code == KafkaError.CLUSTER_AUTHORIZATION_FAILED:
        return ContractError("the broker lets this user give no rights: provision as a super user, or as provisioning")
    return BrokerUnavailable(brokers, PATIENCE_S, error.args[0].str())

"""Every principal against every operation, on a real broker: what the contracts do not call for is refused, what they do works.

It writes build/rights.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from agents import changelogs
from bookly.transport import admin_client, librdkafka_settings
from contracts.acls import PRINCIPALS, bindings
from contracts.broker import provision_broker, wanted_topics
from contracts.errors import ContractError
from contracts.granting import Granted, grant, rule_of
from contracts.schemas import ROOT
from contracts.topics import DOMAINS
from stack.secrets import ADMIN, REGISTRY
from tests.integration.security import asking
from tests.integration.security.conftest import KEPT, secrets_of
from tests.pipeline import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack import Stack

TOPICS = [name for name, _, _ in wanted_topics(changelogs())]
OTHERS = ("bookly-api-live", "bookly-reader", "bookly-rebuild", "bookly-console-1", "x")
GROUPS = [*(f"bookly-{domain}" for domain in DOMAINS), *OTHERS]
IDS = [*(f"bookly-{domain}-0" for domain in DOMAINS), "bookly-console-audit", "x"]
MADE = {"create one of our topics", "change a topic", "give rights"}
ROWS: dict[str, list[str]] = {}


def named(principal: str, kind: str, operation: str, names: list[str]) -> set[str]:
    rights = [one for one in bindings(KEPT) if (one.principal, one.kind, one.operation) == (principal, kind, operation)]
    return {name for name in names for one in rights if name == one.name or (one.prefixed and name.startswith(one.name))}


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_a_principal_does_what_it_must_and_nothing_else(principal: str, secured: Stack, become: Callable[[str], None]) -> None:
    become(principal)
    kinds = {
        "read": (asking.readable(secured.brokers, TOPICS), named(principal, "topic", "READ", TOPICS), TOPICS),
        "write": (asking.writable(secured.brokers, TOPICS), named(principal, "topic", "WRITE", TOPICS), TOPICS),
        "commit for": (
            asking.committable(secured.brokers, GROUPS, "bookly.auth"),
            named(principal, "group", "READ", GROUPS),
            GROUPS,
        ),
        "begin": (asking.usable(secured.brokers, IDS), named(principal, "transactional_id", "WRITE", IDS), IDS),
        "administer": (
            asking.administrable(secured.brokers, "bookly.auth"),
            MADE if principal == "provisioning" else set(),
            ["create one of our topics", "create another topic", "delete a topic", "change a topic", "give rights"],
        ),
    }
    ROWS[principal] = [f"{len(done)} done, {len(of) - len(done)} refused" for done, _, of in kinds.values()]
    for verb, (done, wanted, _) in kinds.items():
        assert done == wanted, (principal, verb, "beyond:", done - wanted, "lacking:", wanted - done)


def test_the_table_is_written_down() -> None:
    assert ROWS.keys() == set(PRINCIPALS), "run the whole file: the table is of all principals"
    head = ("principal", "read a topic", "write a topic", "commit for a group", "begin transactions", "administer")
    lines = [head, ("---",) * len(head), *((name, *ROWS[name]) for name in PRINCIPALS)]
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "rights.md").write_text("".join(f"| {' | '.join(line)} |\n" for line in lines), encoding="utf-8")


def test_who_has_no_name_a_wrong_password_or_no_trust_is_not_heard(secured: Stack, become: Callable[[str], None]) -> None:
    become("api")
    told = librdkafka_settings(secured.brokers)
    for wrong in ({"sasl.password": "wrong"}, {"sasl.username": "nobody"}, {"security.protocol": "PLAINTEXT"}):
        with pytest.raises(KafkaException):
            AdminClient({**told, **wrong}).list_topics(timeout=3)
    del told["ssl.ca.location"]
    with pytest.raises(KafkaException):
        AdminClient(told).list_topics(timeout=3)
    assert admin_client(secured.brokers).list_topics(timeout=10).topics


def test_provisioning_as_its_own_principal_changes_nothing_twice_and_takes_what_is_more(
    secured: Stack, become: Callable[[str], None]
) -> None:
    become("provisioning")
    assert provision_broker(secured.brokers, changelogs()) == ([], [])
    admin = admin_client(secured.brokers)
    more, others = (rule_of(name, "topic", "bookly.stockpile", "WRITE", False) for name in ("auth", "somebody"))
    for given in admin.create_acls([more, others]).values():
        given.result(10)
    assert eventually(lambda: grant(secured.brokers, KEPT) == Granted(0, 1), "the right that no contract calls for is taken")
    assert grant(secured.brokers, KEPT) == Granted(0, 0)
    become("api")
    with pytest.raises(ContractError, match="lets this user give no rights"):
        grant(secured.brokers, KEPT)


def test_no_password_is_in_a_log_or_readable_by_others(secured: Stack) -> None:
    secrets = secrets_of(secured)
    passwords = [secrets.password(name).encode() for name in (*PRINCIPALS, ADMIN, REGISTRY)]
    for log in (secured.directory / ".stack" / "logs").iterdir():
        assert not any(password in log.read_bytes() for password in passwords), log
    assert all(file.stat().st_mode & 0o077 == 0 for file in (secrets.directory, *secrets.directory.iterdir()))
    assert not list(secrets.directory.glob("*.arguments"))
    for pid in [server.pid for server in secured.servers.values()]:
        assert not any(password in Path(f"/proc/{pid}/cmdline").read_bytes() for password in passwords)

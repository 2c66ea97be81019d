"""The registry and Redis: who has no name is not heard, and who has one does what it must and nothing else."""

from __future__ import annotations

import re
import ssl
import urllib.error
import urllib.request
from base64 import b64encode
from typing import TYPE_CHECKING, Final

import psutil
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from bookly.cache.addresses import link_to
from bookly.cache.invalidator import Invalidator
from bookly.cache.server import AwayError
from contracts.acls import PRINCIPALS
from contracts.cache_rights import redis_rights
from contracts.registry import provision_registry
from contracts.topics import DOMAINS
from stack.secrets import ADMIN
from tests.integration.security.conftest import secrets_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack import Stack

SUBJECT: Final = "/subjects/of-a-test"
SCHEMA: Final = b'{"schema": "\\"string\\""}'
REFUSED, UNHEARD = 403, 401
WRITES: Final[list[tuple[str, str, bytes]]] = [
    ("POST", f"{SUBJECT}/versions", SCHEMA),
    ("PUT", "/config", b'{"compatibility": "FULL_TRANSITIVE"}'),
    ("PUT", f"/config{SUBJECT.removeprefix('/subjects')}", b'{"compatibility": "NONE"}'),
    ("DELETE", SUBJECT, b""),
]
TAG, ENTRY = "res:of:resource:{r-1}", "res:status:{r-1}"
COMMANDS: Final[dict[str, tuple[str, ...]]] = {
    "read an entry": ("GET", ENTRY),
    "write an entry": ("SET", ENTRY, "x"),
    "read a tag": ("GET", TAG),
    "move a tag": ("SET", TAG, "1", "KEEPTTL"),
    "list keys": ("KEYS", "*"),
    "walk through keys": ("SCAN", "0"),
    "empty it": ("FLUSHALL",),
    "set the server": ("CONFIG", "SET", "maxmemory", "1gb"),
    "read users": ("ACL", "LIST"),
    "listen to others": ("MONITOR",),
    "stop it": ("SHUTDOWN", "NOSAVE"),
}
TAGS: Final = {"read a tag", "move a tag"}
MAY: Final = {**dict.fromkeys(DOMAINS, TAGS), "api": TAGS | {"read an entry", "write an entry"}}


def asked(secured: Stack, name: tuple[str, str] | None, method: str, path: str, body: bytes = b"") -> int:
    """The registry's status."""
    question = urllib.request.Request(f"{secured.registry}{path}", body or None, method=method)  # noqa: S310  # ours
    question.add_header("Content-Type", "application/json")
    if name is not None:
        question.add_header("Authorization", f"Basic {b64encode(':'.join(name).encode()).decode()}")
    context = ssl.create_default_context(cafile=secrets_of(secured).authority)
    try:
        with urllib.request.urlopen(question, timeout=20, context=context) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_the_registry_is_read_by_all_and_written_by_provisioning_alone(principal: str, secured: Stack) -> None:
    name = (principal, secrets_of(secured).password(principal))
    assert asked(secured, name, "GET", "/subjects") == 200
    assert asked(secured, name, "POST", "/subjects/x", SCHEMA) == 404, "a look-up is no change: it is answered"
    if principal != "provisioning":
        assert [asked(secured, name, *write) for write in WRITES] == [REFUSED] * len(WRITES)


def test_provisioning_registers_as_itself(secured: Stack, become: Callable[[str], None]) -> None:
    become("provisioning")
    assert provision_registry(str(secured.registry))


@pytest.mark.parametrize("name", [None, ("auth", "wrong"), ("nobody", "x"), ("auth", "")])
def test_the_registry_does_not_hear_who_has_no_name_or_a_wrong_password(name: tuple[str, str] | None, secured: Stack) -> None:
    assert [asked(secured, name, *what) for what in (("GET", "/subjects", b""), *WRITES)] == [UNHEARD] * (1 + len(WRITES))


def test_the_registry_speaks_tls_alone(secured: Stack) -> None:
    with pytest.raises(OSError, match=re.compile("reset|closed|Remote", re.IGNORECASE)):
        urllib.request.urlopen(str(secured.registry).replace("https", "http") + "/subjects", timeout=5)  # noqa: S310


def client(secured: Stack, user: str | None, password: str | None) -> Redis:
    return Redis.from_url(str(secured.redis), username=user, password=password, ssl_ca_certs=str(secrets_of(secured).authority))


@pytest.mark.parametrize("principal", redis_rights())
def test_a_principal_does_in_redis_what_it_must_and_nothing_else(principal: str, secured: Stack) -> None:
    done = set()
    with client(secured, principal, secrets_of(secured).password(principal)) as redis:
        for what, command in COMMANDS.items():
            try:
                redis.execute_command(*command)
            except NoPermissionError:
                continue
            done.add(what)
    assert done == MAY[principal]


@pytest.mark.parametrize("principal", sorted({*PRINCIPALS} - redis_rights().keys()))
def test_who_has_no_business_with_redis_is_no_user_of_it(principal: str, secured: Stack) -> None:
    with client(secured, principal, secrets_of(secured).password(principal)) as redis, pytest.raises(AuthenticationError):
        redis.ping()


def test_redis_does_not_hear_who_has_no_name(secured: Stack) -> None:
    for user, password in ((None, None), ("default", ""), ("api", "wrong")):
        with client(secured, user, password) as redis, pytest.raises(RedisError):
            redis.get(TAG)


def test_redis_speaks_tls_alone_and_only_to_who_trusts_its_authority(secured: Stack) -> None:
    secrets = secrets_of(secured)
    who = {"username": ADMIN, "password": secrets.password(ADMIN)}
    for address, trust in ((secured.redis.replace("rediss", "redis"), {}), (str(secured.redis), {"ssl_ca_certs": None})):
        refused = pytest.raises(RedisError, match=re.compile("closed|reset|CERTIFICATE", re.IGNORECASE))
        with Redis.from_url(address, **who, **trust) as redis, refused:
            redis.ping()


def test_redis_has_no_other_port_than_that_of_its_tls(secured: Stack) -> None:
    assert secured.redis.pid is not None
    group = psutil.Process(secured.redis.pid).children(recursive=True)
    assert group
    assert not [place for process in group for place in process.net_connections("inet") if place.status == psutil.CONN_LISTEN]


@pytest.mark.parametrize("domain", DOMAINS)
async def test_a_worker_moves_tags_as_itself(domain: str, secured: Stack, become: Callable[[str], None]) -> None:
    become(domain)
    invalidator = Invalidator(str(secured.redis), limit_s=5.0)
    with client(secured, ADMIN, secrets_of(secured).password(ADMIN)) as redis:
        redis.set(TAG, "1")
        invalidator.add({TAG})
        await invalidator.send()
        assert redis.get(TAG) != b"1"
    await invalidator.close()


async def test_a_client_with_a_wrong_password_says_that_redis_is_away_and_not_which_it_was(
    secured: Stack, become: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    become("auth")
    monkeypatch.setenv("BOOKLY_REDIS_USER", "api")
    link = link_to(str(secured.redis), 5.0)
    with pytest.raises(AwayError) as raised:
        await link.call(ENTRY, lambda redis: redis.get(ENTRY))
    await link.close()
    assert secrets_of(secured).password("auth") not in f"{raised.value}{caplog.text}"

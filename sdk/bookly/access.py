"""Who clients are to the servers, and whom they believe: names, passwords and certificates, from the environment alone.

Every client of the system is made with what these functions return. An environment that says nothing means plain connections.

    BOOKLY_KAFKA_USER  _PASSWORD or _PASSWORD_FILE  _CA     SCRAM-SHA-512, never but over TLS; a CA alone is TLS without a name
    BOOKLY_REDIS_...                                        over TLS where BOOKLY_REDIS is rediss://
    BOOKLY_REGISTRY_...                                     over TLS where BOOKLY_REGISTRY is https://

_CA is a file of certificates in PEM; without it, TLS believes whom the system believes.
"""

from __future__ import annotations

import os
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from bookly.errors import InvalidSettings
from bookly.settings import refuse_misspelt, secret_of

if TYPE_CHECKING:
    from collections.abc import Mapping

MECHANISM: Final = "SCRAM-SHA-512"
_OWN: Final = ("security.protocol", "sasl.", "ssl.")


class _Leaving(ssl.SSLObject):
    """Says that it leaves, and does not wait to be told the same.

    A broker says nothing while it still has an answer to write, which nobody reads any more: asyncio and uvloop wait for it for
    30 s, and with them whoever closes a client. Nothing can be cut off unseen, since Kafka's answers say how long they are.
    """

    def unwrap(self) -> None:
        with suppress(ssl.SSLError):
            super().unwrap()


@dataclass(frozen=True)
class Access:
    """To one kind of server. Its repr holds no secret. What is not said is empty."""

    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""

    @classmethod
    def to(cls, server: str, environ: Mapping[str, str] | None = None) -> Access:
        """`server`: KAFKA, REDIS or REGISTRY. Raises InvalidSettings, which quotes no secret."""
        environ = os.environ if environ is None else environ
        refuse_misspelt(environ)
        variable = f"BOOKLY_{server}"
        user, ca = environ.get(f"{variable}_USER", ""), environ.get(f"{variable}_CA", "")
        password = secret_of(f"{variable}_PASSWORD", environ)
        if bool(user) != bool(password):
            there, missing = ("USER", "PASSWORD (or its _FILE)") if user else ("PASSWORD", "USER")
            raise InvalidSettings(f"{variable}_{there} is set and {variable}_{missing} is not: set both, or neither.")
        if ca and not Path(ca).is_file():
            raise InvalidSettings(f"{variable}_CA: {ca} is no file. It is one of certificates in PEM.")
        if ca:
            _context(f"{variable}_CA", ca)  # what is no certificate is said here, not by a client that is asked later
        return cls(user, password, ca)


def librdkafka_access(own: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """As confluent-kafka is told. Nothing where `own` settings say anything of security themselves: they are not mixed."""
    if any(name.startswith(_OWN) for name in own or ()):
        return {}
    access = Access.to("KAFKA", environ)
    authority = {"ssl.ca.location": access.ca} if access.ca else {}
    if access.user:
        return {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": MECHANISM,
            "sasl.username": access.user,
            "sasl.password": access.password,
            **authority,
        }
    return {"security.protocol": "SSL", **authority} if access.ca else {}


def aiokafka_access(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """As aiokafka is told."""
    access = Access.to("KAFKA", environ)
    if not (access.user or access.ca):
        return {}
    context = _context("BOOKLY_KAFKA_CA", access.ca)
    context.sslobject_class = _Leaving
    if not access.user:
        return {"security_protocol": "SSL", "ssl_context": context}
    return {
        "security_protocol": "SASL_SSL",
        "ssl_context": context,
        "sasl_mechanism": MECHANISM,
        "sasl_plain_username": access.user,
        "sasl_plain_password": access.password,
    }


def aiokafka_settings(brokers: str, environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What every client of aiokafka is made with: where the brokers are, and who it is to them."""
    return {"bootstrap_servers": brokers, **aiokafka_access(environ)}


def redis_access(url: str, environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """As redis-py's connections are told, beside what is in the URL. Raises InvalidSettings where both name somebody."""
    access = Access.to("REDIS", environ)
    _refuse_two("REDIS", url, access)
    found = {"username": access.user, "password": access.password} if access.user else {}
    if access.ca and not url.startswith("rediss"):
        raise InvalidSettings("BOOKLY_REDIS_CA is set and BOOKLY_REDIS is not rediss://: nothing would be encrypted.")
    return {**found, "ssl_ca_certs": access.ca} if access.ca else found


def registry_access(url: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """As confluent-kafka's registry client is told, the URL included."""
    access = Access.to("REGISTRY", environ)
    _refuse_two("REGISTRY", url, access)
    if access.ca and not url.startswith("https://"):
        raise InvalidSettings("BOOKLY_REGISTRY_CA is set and BOOKLY_REGISTRY is not https://: nothing would be encrypted.")
    found = {"url": url}
    if access.user:
        found["basic.auth.user.info"] = f"{access.user}:{access.password}"
    if access.ca:
        found["ssl.ca.location"] = access.ca
    return found


def _refuse_two(server: str, url: str, access: Access) -> None:
    if access.user and "@" in urlsplit(url).netloc:
        raise InvalidSettings(f"BOOKLY_{server} names somebody, and so does BOOKLY_{server}_USER: keep one of them.")


def _context(variable: str, ca: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca or None)
    except (OSError, ssl.SSLError) as error:
        raise InvalidSettings(f"{variable}: {ca} holds no certificate in PEM ({type(error).__name__}).") from None

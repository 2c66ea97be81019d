"""Where the servers are and how long to wait for them: from parameters, else from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any, Required, TypedDict

from bookly.errors import InvalidSettings

_VARIABLES = {"brokers": "BOOKLY_BROKERS", "registry": "BOOKLY_REGISTRY", "redis": "BOOKLY_REDIS"}
_ACCESS = [  # who clients are, and whom they believe: see access.py
    f"{server}_{what}" for server in ("KAFKA", "REDIS", "REGISTRY") for what in ("USER", "PASSWORD", "PASSWORD_FILE", "CA")
]
_EXAMPLES = {
    "brokers": "it must be host:port, comma-separated",
    "registry": "it must be a URL like http://host:8080/apis/ccompat/v7",
    "source": 'name the service that publishes, for example source="booking-web"',
}
_BROKER = re.compile(r"((?i:PLAINTEXT|SSL|SASL_PLAINTEXT|SASL_SSL)://)?(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]'\"]+)(:\d{1,5})?")
SECRET_CHARACTERS = 16  # the least that an internal secret has
EVENT_BYTES = 1_000_000  # key, value and headers of one event: the broker's own limit is a little above
LONGEST_S = 2_000_000.0  # 23 days: what librdkafka's milliseconds hold
_FIXED = {  # the first half has parameters of its own, on the second rest the guarantees
    *("bootstrap.servers", "delivery.timeout.ms", "message.timeout.ms", "message.max.bytes", "linger.ms"),
    *("queue.buffering.max.messages", "acks", "request.required.acks", "enable.idempotence", "partitioner", "on_delivery"),
}


@dataclass(frozen=True)
class Settings:
    """Where the servers are. An address that carries a password is left out of the repr."""

    brokers: str  # host:port, comma-separated
    registry: str = field(repr=False)  # Confluent-compatible base URL, may carry user:password@
    redis: str = field(repr=False)  # redis://..., may carry a password

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """All three from BOOKLY_BROKERS, BOOKLY_REGISTRY and BOOKLY_REDIS, or InvalidSettings that says what to set."""
        environ = os.environ if environ is None else environ
        refuse_misspelt(environ)
        return cls(**{name: required(name, None, environ) for name in _VARIABLES})


class ProducerArgs(TypedDict, total=False):
    """The keyword arguments of both producers; ProducerSettings says what each means."""

    brokers: str
    registry: str
    source: Required[str]
    connect_timeout: float
    delivery_timeout: float
    buffer_timeout: float
    buffer_events: int
    max_event_bytes: int
    linger: float
    warm_up: bool
    kafka: Mapping[str, Any]


@dataclass(frozen=True)
class ProducerSettings:
    """How a producer is set up. Times are seconds. Its repr holds no secret."""

    brokers: str  # host:port, comma-separated; else BOOKLY_BROKERS
    registry: str = field(repr=False)  # Confluent-compatible base URL, may carry user:password@; else BOOKLY_REGISTRY
    source: str  # the service that publishes: `source` in the metadata of its events
    connect_timeout: float = 10.0  # how long the broker and the registry may take to answer at the start
    delivery_timeout: float = 30.0  # how long an event may wait for the broker's confirmation, all retries included
    buffer_timeout: float = 10.0  # how long publishing waits for room in the send buffer
    buffer_events: int = 100_000  # how many events may wait for confirmation
    max_event_bytes: int = EVENT_BYTES  # key, value and headers of one event
    linger: float = 0.005  # how long an event waits for company in its batch
    warm_up: bool = True  # fetch all schema ids at the start, so that the registry may go away afterwards
    kafka: Mapping[str, Any] = field(default_factory=dict, repr=False)  # librdkafka's own settings: TLS, SASL

    def __post_init__(self) -> None:
        for name in ("brokers", "registry", "source"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name).strip():
                raise InvalidSettings(f"{name} is no text: {_EXAMPLES[name]}.")
        if not all(_BROKER.fullmatch(broker.strip()) for broker in self.brokers.split(",")):
            raise InvalidSettings(f"brokers is {self.brokers!r}: {_EXAMPLES['brokers']}.")
        for name in ("connect_timeout", "delivery_timeout", "buffer_timeout"):
            checked_number(name, getattr(self, name), LONGEST_S)
        for name, most in (("buffer_events", 10_000_000), ("max_event_bytes", 1_000_000_000)):
            if type(getattr(self, name)) is not int:
                raise InvalidSettings(f"{name} is {getattr(self, name)!r}: it must be a whole number.")
            checked_number(name, getattr(self, name), most)
        if self.linger != 0 and checked_number("linger", self.linger, LONGEST_S) >= self.delivery_timeout:
            raise InvalidSettings(f"linger is {self.linger!r}: it must be below delivery_timeout, {self.delivery_timeout:g} s.")
        if not isinstance(self.kafka, Mapping) or not all(isinstance(name, str) for name in self.kafka):
            raise InvalidSettings('kafka= is no mapping of names: it must be like {"security.protocol": "SSL"}.')
        if refused := sorted(_FIXED & set(self.kafka)):
            raise InvalidSettings(
                f"kafka= may not set {', '.join(refused)}: the guarantees rest on it, or a parameter is for it."
            )

    @classmethod
    def of(cls, given: ProducerArgs, environ: Mapping[str, str] | None = None) -> ProducerSettings:
        """Parameters first, then the environment. Raises InvalidSettings: what to set for what is missing or misspelt."""
        environ = os.environ if environ is None else environ
        refuse_misspelt(environ)
        names = [field.name for field in fields(cls)]
        for name in given.keys() - set(names):
            near = get_close_matches(name, names, n=1)
            raise InvalidSettings(f"{name} is no setting of a producer" + (f": did you mean {near[0]}?" if near else "."))
        if not given.get("source"):
            raise InvalidSettings(f"source is missing: {_EXAMPLES['source']}.")
        addresses = {name: required(name, given.get(name), environ) for name in ("brokers", "registry")}
        return cls(**{**given, **addresses})  # type: ignore[arg-type]  # typed where they were given


def required(name: str, given: Any, environ: Mapping[str, str]) -> str:
    """What was given, else the setting's variable, else InvalidSettings that says which one to set."""
    variable = _VARIABLES[name]
    if value := given or environ.get(variable):
        if not isinstance(value, str):
            raise InvalidSettings(f"{name} is {type(value).__name__}, not text: pass {name}= or set {variable} as a text.")
        return value
    known = {*_VARIABLES.values(), *(f"BOOKLY_{word}" for word in _ACCESS)}
    others = sorted(key for key in environ if key.startswith("BOOKLY_") and key not in known)
    seen = f" The environment has {', '.join(others)}, which is another thing." if others else ""
    raise InvalidSettings(f"{name} is missing: pass {name}= or set {variable}.{seen}")


def internal_secret(environ: Mapping[str, str] | None = None) -> str | None:
    """What the edge and the workers know each other by: BOOKLY_INTERNAL_SECRET, or what the file holds that
    BOOKLY_INTERNAL_SECRET_FILE names. None where neither is set. Raises InvalidSettings, which never quotes it.
    """
    environ = os.environ if environ is None else environ
    secret = secret_of("BOOKLY_INTERNAL_SECRET", environ)
    if not secret and not environ.get("BOOKLY_INTERNAL_SECRET_FILE"):
        return None
    if len(secret) < SECRET_CHARACTERS or not (secret.isascii() and secret.isprintable()) or " " in secret:
        raise InvalidSettings(
            f"The internal secret must be {SECRET_CHARACTERS} characters or more, letters, digits and signs of ASCII without "
            "spaces: make one with `openssl rand -hex 32`."
        )
    return secret


def secret_of(variable: str, environ: Mapping[str, str]) -> str:
    """What the variable says, or what the file holds that <variable>_FILE names, without space around it. Empty where neither
    is set. Raises InvalidSettings, which never quotes it.
    """
    secret, path = environ.get(variable, ""), environ.get(f"{variable}_FILE", "")
    if secret and path:
        raise InvalidSettings(f"{variable} and {variable}_FILE are both set: keep one of them.")
    if not path:
        return secret
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{variable}_FILE: {path} cannot be read ({type(error).__name__}).") from None
    if not secret:
        raise InvalidSettings(f"{variable}_FILE: {path} is empty. It holds the secret, and nothing else.")
    return secret


def refuse_misspelt(environ: Mapping[str, str], more: Iterable[str] = ()) -> None:
    """A variable that nearly has a setting's name, one of `more` included, is a typing error, not somebody else's variable."""
    names = [*(variable.removeprefix("BOOKLY_") for variable in _VARIABLES.values()), *more]
    for variable in sorted(environ):
        word = variable.removeprefix("BOOKLY_")
        if word in (variable, *names, *_ACCESS):
            continue
        if near := (
            get_close_matches(word, _ACCESS, n=1, cutoff=0.9)
            or get_close_matches(word, names, n=1, cutoff=0.7)
            or get_close_matches(word, _ACCESS, n=1, cutoff=0.8)
        ):
            raise InvalidSettings(f"{variable} is no setting of Bookly: did you mean BOOKLY_{near[0]}?")


def checked_number(name: str, value: object, most: float) -> float:
    """The number, or InvalidSettings where it is none, not above 0, or above `most`."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InvalidSettings(f"{name} is {value!r}: it must be a number.")
    if not (isfinite(value) and 0 < value <= most):
        raise InvalidSettings(f"{name} is {value!r}: it must be above 0 and at most {most:,.0f}.")
    return value

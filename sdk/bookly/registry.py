"""What the schema registry knows: ids of our schemas, schemas of ids. It is only asked, nothing is ever registered."""

from __future__ import annotations

import time
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit, urlunsplit

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from bookly.access import registry_access
from bookly.errors import InvalidSettings, RegistryUnavailable, UnknownSchema
from bookly.fingerprints import fingerprint_of
from bookly.settings import LONGEST_S, checked_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bookly.records import Record

Answer = TypeVar("Answer")

_PAUSES = (0.1, 0.3, 0.9)  # seconds between attempts, while the limit allows another
_SHARE = 4  # an attempt may take this part of the limit
_TRANSIENT = {408, 429, 500, 502, 503, 504}
_NOT_FOUND = 404
_LONGEST = 1_000_000  # characters of a schema: ours have some thousand, and each is parsed and kept


class Registry:
    """Every answer is kept for good: an id never changes its meaning. Blocking; may be used by several threads.

    `limit`: seconds that a question may take, repeated attempts included.
    """

    def __init__(self, url: str, *, limit: float = 10.0) -> None:
        self.url = _without_password(url)
        self._limit = checked_number("limit", limit, LONGEST_S)
        self._client = SchemaRegistryClient({**registry_access(url), "timeout": limit / _SHARE, "max.retries": 0})
        self._ids: dict[str, int] = {}
        self._subjects: set[str] = set()
        self._texts: dict[int, str] = {}
        self._decoders: dict[int, Callable[[bytes, int], Record]] = {}
        self._lock = Lock()

    def known_id(self, event_type: str) -> int | None:
        """The schema id of an event, if it was asked for before. Never waits."""
        return self._ids.get(event_type)

    def schema_id(self, event_type: str) -> int:
        """The id of exactly the schema that this SDK writes an event with. Raises UnknownSchema, RegistryUnavailable."""
        found = self._ids.get(event_type)
        if found is None:
            found = self._ids[event_type] = self._look_up(event_type)
        return found

    def version_id(self, subject: str, fingerprint: str) -> int:
        """The id of the version of a subject that has this fingerprint (CRC-64-AVRO), newest first: what another SDK wrote with,
        older or newer than this one. Raises UnknownSchema, RegistryUnavailable.
        """
        unknown = (
            f"The schema registry at {self.url} has no version of {subject} with the fingerprint {fingerprint}. "
            "Provision it from the contracts that the event was written with (make provision)."
        )
        for version in sorted(self._ask(subject, lambda: self._client.get_versions(subject), unknown), reverse=True):
            found = self._ask(subject, partial(self._client.get_version, subject, version), unknown)
            self._subjects.add(subject)
            if found.schema is not None and fingerprint_of(self._text_of(found.schema, subject)) == fingerprint:
                return int(found.schema_id or 0)
        raise UnknownSchema(unknown)

    def warm_up(self, event_types: Iterable[str]) -> None:
        """Ask for many at once. An event that the registry does not know is left for the moment when it is published."""
        for event_type in event_types:
            try:
                self.schema_id(event_type)
            except UnknownSchema:
                continue

    def schema_by_id(self, schema_id: int) -> str:
        """The text of the schema with this id. Raises UnknownSchema, RegistryUnavailable."""
        text = self._texts.get(schema_id)
        if text is None:
            unknown = f"The schema registry at {self.url} has no schema with id {schema_id}: the record is of another registry."
            wanted = f"schema id {schema_id}"
            schema = self._ask(wanted, lambda: self._client.get_schema(schema_id), unknown)
            text = self._texts[schema_id] = self._text_of(schema, wanted)
        return text

    def decoder(self, schema_id: int) -> Callable[[bytes, int], Record]:
        """How to read a body written with this schema, from an offset on. Raises UnknownSchema, RegistryUnavailable."""
        from bookly.reading import decoder_of  # noqa: PLC0415  # who only publishes needs no decoders

        found = self._decoders.get(schema_id)
        if found is None:
            found = self._decoders[schema_id] = decoder_of(self.schema_by_id(schema_id), schema_id)
        return found

    def close(self) -> None:
        """Close the connections. What is known stays known."""
        self._client.close()

    def _look_up(self, event_type: str) -> int:
        from bookly.catalog import EVENTS, EventType  # noqa: PLC0415  # the generated part loads when it is needed

        try:
            spec = EVENTS[EventType(event_type)]
        except ValueError:
            raise UnknownSchema(f"{event_type!r} is no event of this SDK's contracts: use a member of EventType.") from None
        schema = Schema(spec.schema, "AVRO")
        unknown = (
            f"The schema registry at {self.url} does not know version {spec.version} of {spec.subject}, which this SDK writes. "
            "Provision the registry from the same contracts (make provision), then publish again."
        )
        found = self._ask(spec.subject, lambda: self._client.lookup_schema(spec.subject, schema), unknown)
        self._subjects.add(spec.subject)
        return int(found.schema_id or 0)

    def _text_of(self, schema: Schema, wanted: str) -> str:
        text = str(schema.schema_str)
        if len(text) > _LONGEST:
            raise RegistryUnavailable(self.url, wanted, f"it has {len(text):,} characters, no schema has")
        return text

    def _forgotten(self) -> int | None:
        """How many subjects the registry knew before and lists no more; None when it does not say.

        One that is starting answers "not found" until it has loaded: believing it would make dead letters of good events.
        """
        try:
            with self._lock:
                return len(self._subjects.difference(self._client.get_subjects()))
        except Exception:  # noqa: BLE001  # no answer: the caller reports that none came
            return None

    def _ask(self, wanted: str, question: Callable[[], Answer], unknown: str) -> Answer:
        deadline = time.monotonic() + self._limit
        pauses = iter(_PAUSES)
        while True:
            try:
                with self._lock:
                    return question()
            except SchemaRegistryError as error:
                missing = self._forgotten() if error.http_status_code == _NOT_FOUND else None
                if missing == 0:
                    raise UnknownSchema(unknown) from None
                reason, again = f"HTTP {error.http_status_code}", error.http_status_code in _TRANSIENT
                if missing:
                    reason, again = f"it lists {missing} subjects less than it did, it may still be loading", True
            except Exception as error:  # noqa: BLE001  # the client passes on whatever its HTTP library raises: no answer came
                reason, again = f"{type(error).__name__}: {error}", True
            pause = next(pauses, None)
            if not again or pause is None or time.monotonic() + pause + self._limit / _SHARE > deadline:
                raise RegistryUnavailable(self.url, wanted, reason)
            time.sleep(pause)


def _without_password(url: str) -> str:
    """Raises InvalidSettings, without the password as well."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except (AttributeError, TypeError, ValueError):
        usable = False
    if not usable:
        raise InvalidSettings("registry is no URL: it must be like http://host:8080/apis/ccompat/v7.")
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

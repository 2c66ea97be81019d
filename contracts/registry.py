"""Subjects in the registry: every version of every event's wire schema, in order, under FULL_TRANSITIVE."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from confluent_kafka.schema_registry import ConfigCompatibilityLevel, Schema, SchemaRegistryClient, ServerConfig
from confluent_kafka.schema_registry.error import SchemaRegistryError

from bookly.errors import RegistryUnavailable
from contracts.errors import ContractError
from contracts.schemas import load_schemas, wire_schema
from contracts.topics import load_topics

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")
PATIENCE_S = 10.0
INCOMPATIBLE = 409
FULL = ServerConfig(compatibility=ConfigCompatibilityLevel.FULL_TRANSITIVE)


def provision_registry(url: str) -> dict[str, list[int]]:
    """The ids of each subject's versions. Registering again changes nothing. Raises RegistryUnavailable, ContractError."""
    schemas = load_schemas()
    client = SchemaRegistryClient({"url": url, "timeout": PATIENCE_S, "max.retries": 2})
    _ask(url, "its configuration", lambda: client.set_config(config=FULL))
    ids: dict[str, list[int]] = {}
    for event in (event for topic in load_topics(schemas=schemas) for event in topic.events):
        for schema in event.history.values():
            wire = Schema(json.dumps(wire_schema(schema, schemas)), "AVRO")
            registered = _ask(url, event.subject, lambda subject=event.subject, wire=wire: client.register_schema(subject, wire))
            ids.setdefault(event.subject, []).append(registered)
        _ask(url, event.subject, lambda subject=event.subject: client.set_config(subject, FULL))
    return ids


def _ask(url: str, wanted: str, question: Callable[[], Answer]) -> Answer:
    try:
        return question()
    except SchemaRegistryError as error:
        if error.http_status_code == INCOMPATIBLE:
            raise ContractError(f"the registry refuses {wanted}: {error.error_message}") from error
        raise RegistryUnavailable(url, wanted, f"HTTP {error.http_status_code}: {error.error_message}") from error
    except Exception as error:  # the client passes on whatever its HTTP library raises: no answer came
        raise RegistryUnavailable(url, wanted, f"{type(error).__name__}: {error}") from error

"""Subjects in the registry: every version of every event's wire schema, in order, under FULL_TRANSITIVE."""

from __future__ import annotations

import json
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from confluent_kafka.schema_registry import ConfigCompatibilityLevel, Schema, SchemaRegistryClient, ServerConfig
from confluent_kafka.schema_registry.error import SchemaRegistryError

from bookly.access import registry_access
from bookly.errors import RegistryUnavailable
from contracts.errors import ContractError
from contracts.schemas import ROOT, load_schemas, wire_schema
from contracts.topics import load_events

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from contracts.schemas import Schema as Wire

Answer = TypeVar("Answer")
PATIENCE_S = 10.0
INCOMPATIBLE = 409
FULL = ServerConfig(compatibility=ConfigCompatibilityLevel.FULL_TRANSITIVE)


def provision_registry(url: str, root: Path = ROOT) -> dict[str, list[int]]:
    """The ids of each subject's versions. Registering again changes nothing. Raises RegistryUnavailable, ContractError.

    ContractError: the registry holds a version that ours cannot live with; the message has its reason.
    """
    schemas = load_schemas(root)
    ids: dict[str, list[int]] = {}
    with closing(SchemaRegistryClient({**registry_access(url), "timeout": PATIENCE_S, "max.retries": 2})) as client:
        _ask(url, "its configuration", partial(client.set_config, config=FULL))
        for event in load_events(root):
            wires = [wire_schema(schema, schemas) for schema in event.history.values()]
            ids[event.subject] = _ask(url, event.subject, partial(_register, client, event.subject, wires))
    return ids


def _register(client: SchemaRegistryClient, subject: str, versions: list[Wire]) -> list[int]:
    ids = [client.register_schema(subject, Schema(json.dumps(wire), "AVRO")) for wire in versions]
    client.set_config(subject, FULL)
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

"""A row is framed for the version that wrote it, not for the one that the relay knows."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import fastavro
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from sqlalchemy import insert

from bookly.access import registry_access
from bookly.catalog import EventType
from bookly.errors import UnknownSchema
from bookly.fingerprints import fingerprint_of
from bookly.outbox.rows import values_of
from bookly.outbox.tables import OUTBOX as TABLE
from bookly.outgoing import Outgoing
from bookly.records.envelope import Metadata
from bookly.records.sealing import headers_of
from bookly.registry import Registry
from tests.integration.outbox.world import TOPIC

if TYPE_CHECKING:
    from stack import Stack
    from tests.integration.outbox.world import World

ROOT = Path(__file__).parents[3]
SUBJECT = "bookly.auth.UserLoggedInEvent"


def texts(stack: Stack) -> dict[int, tuple[int, str]]:
    """Id and text of each version."""
    with closing(SchemaRegistryClient(registry_access(str(stack.registry)))) as client:
        found = {version: client.get_version(SUBJECT, version) for version in client.get_versions(SUBJECT)}
    return {version: (int(one.schema_id or 0), str(one.schema.schema_str)) for version, one in found.items() if one.schema}


def test_each_version_of_an_event_is_found_by_its_fingerprint(provisioned: Stack) -> None:
    versions = texts(provisioned)
    assert len(versions) == 2
    with closing(Registry(str(provisioned.registry))) as registry:
        for schema_id, text in versions.values():
            assert registry.version_id(SUBJECT, fingerprint_of(text)) == schema_id
        with pytest.raises(UnknownSchema, match="has no version of"):
            registry.version_id(SUBJECT, "0" * 16)
        with pytest.raises(UnknownSchema, match="has no version of"):
            registry.version_id("bookly.auth.NeverEvent", "0" * 16)


def test_what_an_older_service_wrote_keeps_its_own_schema(world: World) -> None:
    schema_id, text = texts(world.stack)[1]
    example = json.loads((ROOT / "schemas/auth/user_logged_in.example.json").read_text(encoding="utf-8"))
    for part, name in (("metadata", "occurred_at"), ("data", "expires_at")):
        example[part][name] = datetime.fromisoformat(example[part][name])
    body = BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(json.loads(text)), example)
    about = Metadata(example["metadata"]["event_id"], EventType.USER_LOGGED_IN, "booking-web", 0, "c-1", 1)
    sent = Outgoing(TOPIC, b"u-1", body.getvalue(), headers_of(about, "u-1"), about.type, "1")
    with world.database.engine.begin() as connection:
        connection.execute(insert(TABLE).values({**values_of(sent), "fingerprint": fingerprint_of(text)}))
    world.relay()
    world.wait_until_empty()
    (record,) = world.read()
    assert record.value == b"\0" + schema_id.to_bytes(4, "big") + body.getvalue()

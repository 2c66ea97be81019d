"""Topics and subjects on a real broker and a real registry."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource  # type: ignore[attr-defined]
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError
from typer.testing import CliRunner

from agents import changelogs
from bookly.access import registry_access
from bookly.catalog import EVENTS
from bookly.errors import BrokerUnavailable, RegistryUnavailable
from bookly.transport import admin_client
from contracts import broker
from contracts.__main__ import app
from contracts.broker import provision_broker, topic_config, wanted_topics
from contracts.errors import ContractError
from contracts.registry import provision_registry
from contracts.schemas import ROOT, fingerprint, load_schemas, wire_schema
from contracts.topics import load_events, load_topics
from tests.pipeline import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stack import Stack

NOBODY = "127.0.0.1:1"


@pytest.fixture(scope="module")
def registry(stack: Stack) -> str:
    """A registry that holds every version."""
    url = str(stack.registry)
    provision_registry(url)
    return url


@pytest.fixture
def client(registry: str) -> Iterator[SchemaRegistryClient]:
    with closing(SchemaRegistryClient(registry_access(registry))) as client:
        yield client


@pytest.fixture(scope="module")
def brokers(stack: Stack) -> str:
    """A broker that has every topic."""
    provision_broker(stack.brokers, changelogs())
    return stack.brokers


def test_every_version_of_every_event_is_registered_in_its_order(registry: str, client: SchemaRegistryClient) -> None:
    ids = provision_registry(registry)
    assert len(ids) == len(EVENTS)
    schemas = load_schemas()
    for event in load_events():
        assert len(ids[event.subject]) == len(event.history) <= len(client.get_versions(event.subject))
        for schema_id, schema in zip(ids[event.subject], event.history.values(), strict=True):
            found = json.loads(client.get_schema(schema_id).schema_str or "")
            assert fingerprint(found) == fingerprint(wire_schema(schema, schemas))


def test_provisioning_the_registry_again_changes_nothing(registry: str, client: SchemaRegistryClient) -> None:
    before = {subject: client.get_versions(subject) for subject in sorted(client.get_subjects())}
    assert provision_registry(registry) == provision_registry(registry)
    assert {subject: client.get_versions(subject) for subject in sorted(client.get_subjects())} == before


def test_every_subject_and_the_registry_as_a_whole_are_fully_and_transitively_compatible(client: SchemaRegistryClient) -> None:
    for subject in (None, *(event.subject for event in load_events())):
        assert str(client.get_config(subject).compatibility_level) == "FULL_TRANSITIVE", subject


def test_the_registry_itself_refuses_what_readers_could_not_follow(client: SchemaRegistryClient) -> None:
    event = load_events()[0]
    wire = wire_schema(event.schema, load_schemas())
    wire["fields"][1]["type"]["fields"].append({"name": "needed", "type": "string"})
    with pytest.raises(SchemaRegistryError) as refused:
        client.register_schema(event.subject, Schema(json.dumps(wire), "AVRO"))
    assert refused.value.http_status_code == 409


def test_a_refusal_of_the_registry_is_told_with_its_reason(registry: str, tmp_path: Path) -> None:
    for folder in ("schemas", "topics"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    version = tmp_path / "schemas/history/auth/user_logged_out.v1.avsc"
    schema = json.loads(version.read_text(encoding="utf-8"))
    schema["fields"].append({"name": "needed", "type": "string", "doc": "No old record has it."})
    version.write_text(json.dumps(schema), encoding="utf-8")
    with pytest.raises(ContractError, match=r"refuses bookly\.auth\.UserLoggedOutEvent: .+"):
        provision_registry(registry, tmp_path)


def test_a_registry_that_is_not_there_is_named(stack: Stack) -> None:
    with pytest.raises(RegistryUnavailable, match=NOBODY):
        provision_registry(f"{str(stack.registry).partition(':')[0]}://{NOBODY}")


def test_every_topic_is_as_the_contracts_say(brokers: str) -> None:
    for topic in load_topics():
        config = topic_config(brokers, topic.name)
        assert config["retention.ms"] == str(topic.retention_days * 86_400_000)
        assert config["min.insync.replicas"] == "1"
        assert topic_config(brokers, topic.dead_letters)["retention.ms"] == "-1"
    for name, _, wanted in changelogs():
        assert topic_config(brokers, name)["cleanup.policy"] == wanted["cleanup.policy"] == "compact"


def test_provisioning_the_broker_again_creates_nothing(brokers: str) -> None:
    assert provision_broker(brokers, changelogs()) == ([], [])


def alter(brokers: str, topic: str, **settings: str) -> None:
    """What somebody else did to it: names with _ for each dot."""
    entries = [
        ConfigEntry(name.replace("_", "."), value, incremental_operation=AlterConfigOpType.SET)
        for name, value in settings.items()
    ]
    resource, admin = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=entries), admin_client(brokers)
    admin.incremental_alter_configs([resource])[resource].result(30)

    def shown() -> bool:
        found = topic_config(brokers, topic)
        return all(found[name.replace("_", ".")] == value for name, value in settings.items())

    eventually(shown, f"{topic} has {settings}")


def test_a_topic_that_was_there_before_is_brought_to_what_the_contracts_say_and_it_is_told(brokers: str) -> None:
    topic = load_topics()[0]
    before = topic_config(brokers, topic.name)
    alter(brokers, topic.name, message_timestamp_type="CreateTime", retention_ms="1000", segment_ms="3600000")
    created, changed = provision_broker(brokers, changelogs())
    assert (created, {str(change) for change in changed}) == ([], {
        f"{topic.name}: message.timestamp.type CreateTime -> LogAppendTime",
        f"{topic.name}: retention.ms 1000 -> {before['retention.ms']}",
    })  # fmt: skip
    found = topic_config(brokers, topic.name)
    assert found == before | {"segment.ms": "3600000"}, "what nobody states is left alone"
    assert provision_broker(brokers, changelogs()) == ([], [])


@pytest.mark.parametrize("kept", ["-1", "99999999999999"])
def test_retention_is_not_lowered_unless_that_is_said_for_it_deletes_records(brokers: str, kept: str) -> None:
    topic = load_topics()[1]
    alter(brokers, topic.name, retention_ms=kept, message_timestamp_type="CreateTime")
    with pytest.raises(ContractError, match=rf"{topic.name}: retention.ms {kept} -> \d+: .*--lower-retention"):
        provision_broker(brokers, [*changelogs(), ("bookly-test-not-created", 1, {})])
    found = topic_config(brokers, topic.name)
    assert (found["retention.ms"], found["message.timestamp.type"]) == (kept, "CreateTime"), "nothing was changed"
    created, changed = provision_broker(brokers, [*changelogs(), ("bookly-test-not-created", 1, {})], lower_retention=True)
    assert (created, len(changed)) == (["bookly-test-not-created"], 2), "nothing was created before"
    assert topic_config(brokers, topic.name)["retention.ms"] == str(topic.retention_days * 86_400_000)
    admin = admin_client(brokers)
    admin.delete_topics(["bookly-test-not-created"])["bookly-test-not-created"].result(30)


def test_the_command_says_what_it_changed_and_takes_the_option(brokers: str, registry: str) -> None:
    topic = load_topics()[2]
    alter(brokers, topic.name, retention_ms="-1")
    command = ["provision", "--brokers", brokers, "--registry", registry]
    refused = CliRunner().invoke(app, command)
    assert isinstance(refused.exception, ContractError)
    done = CliRunner().invoke(app, [*command, "--lower-retention"])
    assert f"changed {topic.name}: retention.ms -1 -> {topic.retention_days * 86_400_000}" in done.stderr


def test_five_topics_their_dead_letters_commands_and_replays_and_the_consoles_are_wanted_beside_what_is_asked_for() -> None:
    names = [name for name, _, _ in wanted_topics([("more", 1, {})])]
    assert len(names) == len(set(names)) == 23


def test_another_number_of_partitions_is_refused_since_keys_would_move(brokers: str) -> None:
    provision_broker(brokers, [("bookly-test-shape", 2, {})])
    with pytest.raises(ContractError, match="topic bookly-test-shape has 2 partitions, the contracts say 3: keys would move"):
        provision_broker(brokers, [("bookly-test-shape", 3, {})])


def test_a_broker_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "PATIENCE_S", 1.0)
    with pytest.raises(BrokerUnavailable, match=NOBODY):
        provision_broker(NOBODY)

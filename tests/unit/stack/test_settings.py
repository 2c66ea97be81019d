"""The servers' settings and command lines, without starting any."""

from __future__ import annotations

import ast
from pathlib import Path

import stack
from stack import broker, java, redis, registry
from stack.jars import Installation, locked
from stack.settings import APICURIO_VERSION, KAFKA_VERSION


def test_all_internal_topics_have_one_replica_and_no_topic_is_made_by_mistake(tmp_path: Path) -> None:
    settings = dict(line.split("=", 1) for line in broker.properties(1111, 2222, tmp_path).splitlines())
    assert {settings[key] for key in settings if key.endswith(("replication.factor", "min.isr"))} == {"1"}
    assert settings["auto.create.topics.enable"] == "false"
    assert settings["group.initial.rebalance.delay.ms"] == "0"


def test_every_server_listens_on_the_loopback_alone(tmp_path: Path) -> None:
    settings = dict(line.split("=", 1) for line in broker.properties(1111, 2222, tmp_path).splitlines())
    assert settings["listeners"] == "PLAINTEXT://127.0.0.1:1111,CONTROLLER://127.0.0.1:2222"
    environment = registry.environment(3333, 5555, "127.0.0.1:1111")
    assert {environment["QUARKUS_HTTP_HOST"], environment["QUARKUS_MANAGEMENT_HOST"]} == {"127.0.0.1"}
    words = redis.command("valkey-server", 4444, tmp_path)
    assert words[words.index("--bind") + 1] == "127.0.0.1"


def test_clients_behind_a_proxy_are_told_to_come_through_it(tmp_path: Path) -> None:
    settings = dict(line.split("=", 1) for line in broker.properties(1111, 2222, tmp_path, (3333, 4444)).splitlines())
    assert "PROXIED://127.0.0.1:3333" in settings["listeners"].split(",")
    assert settings["advertised.listeners"] == "PLAINTEXT://127.0.0.1:1111,PROXIED://127.0.0.1:4444"


def test_a_broker_whose_controller_is_apart_is_no_controller(tmp_path: Path) -> None:
    settings = dict(line.split("=", 1) for line in broker.properties(1111, 2222, tmp_path, apart=True).splitlines())
    other = dict(line.split("=", 1) for line in broker.controller_properties(2222, tmp_path).splitlines())
    assert (settings["process.roles"], other["process.roles"]) == ("broker", "controller")
    assert settings["listeners"] == "PLAINTEXT://127.0.0.1:1111"
    assert settings["controller.quorum.voters"] == other["controller.quorum.voters"] == "2@127.0.0.1:2222"
    assert other["listeners"] == "CONTROLLER://127.0.0.1:2222"


def test_redis_keeps_its_data_and_evicts_the_least_used(tmp_path: Path) -> None:
    words = redis.command("valkey-server", 4444, tmp_path)
    assert words[words.index("--appendonly") + 1] == "yes"
    assert words[words.index("--maxmemory-policy") + 1] == "allkeys-lru"


def test_the_registry_keeps_its_schemas_in_the_broker() -> None:
    environment = registry.environment(3333, 5555, "127.0.0.1:1111")
    assert environment["APICURIO_STORAGE_KIND"] == "kafkasql"
    assert environment["APICURIO_KAFKASQL_BOOTSTRAP_SERVERS"] == "127.0.0.1:1111"


def test_the_lock_holds_the_versions_of_the_settings_each_file_once_and_by_checksum() -> None:
    jars = locked()
    names = [jar.coordinates for jar in jars]
    assert f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}" in names
    assert f"io.apicurio:apicurio-registry-app:{APICURIO_VERSION}:all:tar.gz" in names
    assert len(names) == len(set(names))
    assert all(len(jar.sha256) == 64 for jar in jars)


def test_an_archive_is_named_after_what_it_was_made_from_and_used_only_where_it_is(tmp_path: Path) -> None:
    one = java.kafka(Installation(tmp_path / "one", tmp_path))
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "kafka.jar").touch()
    two = java.kafka(Installation(tmp_path / "two", tmp_path))
    assert one.archive != two.archive
    assert not any(word.startswith("-XX:AOTCache=") for word in two.command())
    assert any(word == f"-XX:AOTCacheOutput={two.draft}" for word in two.command(training=True))


def test_the_formatter_of_data_directories_shares_the_brokers_archive(tmp_path: Path) -> None:
    installation = Installation(tmp_path, tmp_path)
    assert java.storage_tool(installation).archive == java.kafka(installation).archive


def test_an_old_python_can_read_the_line_that_refuses_it() -> None:
    source = Path(stack.__file__).read_text()
    tree = ast.parse(source, feature_version=(3, 8))
    refusal = next(node for node in tree.body if isinstance(node, ast.If))
    first_own_import = next(node for node in tree.body if isinstance(node, ast.ImportFrom))
    assert refusal.lineno < first_own_import.lineno
    assert "Bookly needs Python 3.11 or newer" in ast.unparse(refusal)

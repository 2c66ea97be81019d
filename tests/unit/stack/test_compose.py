"""docker-compose.yml is read by the oldest Compose that we promise, and has the local stack's settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.engine.settings import WorkerSettings
from api.http.settings import ApiSettings
from stack.settings import (
    APICURIO_VERSION,
    BROKER,
    BROKER_HEAP,
    CLUSTER,
    KAFKA_VERSION,
    REDIS,
    REDIS_CLUSTER,
    REGISTRY,
    REGISTRY_HEAP,
)

CHECKOUT = Path(__file__).parents[3]
FILE = CHECKOUT / "docker-compose.yml"
DOMAINS = ("auth", "resources", "availability", "stockpile", "reports")


def compose(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the Compose that set-up installed, or one on the PATH; a machine with neither fails the test."""
    packaged = Path(sys.prefix) / "compose"
    if (packaged / "compose").exists():
        command, environment = [sys.executable, "-m", "compose"], {**os.environ, "PYTHONPATH": str(packaged)}
    elif shutil.which("docker-compose"):
        command, environment = ["docker-compose"], dict(os.environ)
    else:
        pytest.fail("No Compose to check docker-compose.yml with: run `make setup`, which installs it from stack/compose.lock.")
    return subprocess.run([*command, "-f", str(FILE), *arguments], capture_output=True, text=True, check=False, env=environment)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services as Compose understands them, those of all profiles included."""
    done = compose("--profile", "cluster", "--profile", "api", "config")
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = yaml.safe_load(done.stdout)["services"]
    return read


def test_a_start_without_profile_has_three_servers_and_a_worker_for_each_domain(services: dict[str, Any]) -> None:
    started = {name for name, service in services.items() if not service.get("profiles")}
    assert started == {"broker", "registry", "redis", "provision", *DOMAINS}


def test_the_profile_cluster_adds_three_brokers_and_six_redis_nodes(services: dict[str, Any]) -> None:
    assert [name for name in services if name.startswith("broker-")] == ["broker-1", "broker-2", "broker-3"]
    assert {f"redis-{number}" for number in range(1, 7)} <= services.keys()
    assert {services[f"broker-{number}"]["environment"]["KAFKA_NODE_ID"] for number in (1, 2, 3)} == {"1", "2", "3"}
    expected = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in CLUSTER.items()}
    for number in (1, 2, 3):
        environment = services[f"broker-{number}"]["environment"]
        assert {name: environment.get(name) for name in expected} == expected


def test_the_broker_has_the_local_stacks_settings(services: dict[str, Any]) -> None:
    environment = services["broker"]["environment"]
    expected = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in BROKER.items()}
    assert {name: environment.get(name) for name in expected} == expected
    assert environment["KAFKA_HEAP_OPTS"] == f"-Xmx{BROKER_HEAP}"
    assert services["broker"]["image"] == f"apache/kafka:{KAFKA_VERSION}"


def test_the_registry_has_the_local_stacks_settings(services: dict[str, Any]) -> None:
    environment = services["registry"]["environment"]
    assert {name: environment.get(name) for name in REGISTRY} == REGISTRY
    assert environment["JAVA_OPTS_APPEND"] == f"-Xmx{REGISTRY_HEAP}"
    assert services["registry"]["image"] == f"apicurio/apicurio-registry:{APICURIO_VERSION}"


@pytest.mark.parametrize("name", ["redis", "redis-1", "redis-6"])
def test_redis_has_the_local_stacks_settings_but_for_what_a_container_needs(services: dict[str, Any], name: str) -> None:
    words = services[name]["command"][1:]
    given = {option.removeprefix("--"): value for option, value in zip(words[::2], words[1::2], strict=True)}
    assert given == {**(REDIS if name == "redis" else REDIS_CLUSTER), "protected-mode": "no"}


def test_the_profile_api_adds_an_edge_that_the_workers_answer(services: dict[str, Any], tmp_path: Path) -> None:
    edge = services["api"]
    assert (edge["profiles"], edge["depends_on"]["provision"]["condition"]) == (["api"], "service_completed_successfully")
    settings = ApiSettings.from_environment(edge["environment"])
    for domain in DOMAINS:
        worker = WorkerSettings.from_environment(services[domain]["environment"])
        assert (worker.queries, worker.secret) == (("0.0.0.0", 7001), settings.secret)  # noqa: S104
        assert not services[domain].get("ports"), "nobody beyond the network asks a worker"
        assert edge["environment"]["BOOKLY_BROKERS"] == services[domain]["environment"]["BOOKLY_BROKERS"]
    assert str(edge["volumes"][0]).split(":")[1] == "/keys", "keys are kept beside the container"
    assert settings.keys == Path("/keys/keys.json")


def test_every_published_port_is_bound_to_the_loopback(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert published
    assert all(str(port).startswith("127.0.0.1:") for port in published)


def test_every_server_has_a_healthcheck_and_every_worker_waits_for_topics_and_schemas(services: dict[str, Any]) -> None:
    assert all(
        "healthcheck" in service for name, service in services.items() if name.startswith(("broker", "registry", "redis-1"))
    )
    for domain in DOMAINS:
        assert services[domain]["command"] == ["python", "-m", "agents", domain]
        assert services[domain]["depends_on"]["provision"]["condition"] == "service_completed_successfully"


def test_the_image_runs_as_an_ordinary_user_and_installs_by_hash() -> None:
    lines = (CHECKOUT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001"]
    assert all("--require-hashes" in line for line in lines if "-r " in line)

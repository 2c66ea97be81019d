"""Apache Kafka as one node, broker and controller in a process (KRaft), or as a broker whose controller runs apart."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from stack import java
from stack.errors import ServerDied
from stack.jars import Installation
from stack.ports import HOST
from stack.settings import BROKER, CLUSTER

CLUSTER_ID = "bookly-local-stack-000"  # 22 characters of base64url, as Kafka wants a cluster's id
_CONTROLLER = 2  # the node id of a controller that runs apart


def properties(
    port: int, controller_port: int, data: Path, proxied: tuple[int, int] | None = None, *, apart: bool = False
) -> str:
    """The text of server.properties. The controller is named here, not in the data: its port may be another each time.

    `proxied`: the port of a second listener, and the port of the proxy through which alone its clients are told to come.
    `apart`: the controller is a process of its own (see controller_properties).
    """
    node = {
        "process.roles": "broker" if apart else "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"{_CONTROLLER if apart else 1}@{HOST}:{controller_port}",
        "listeners": f"PLAINTEXT://{HOST}:{port}" + ("" if apart else f",CONTROLLER://{HOST}:{controller_port}"),
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        **_listener_names(data),
    }
    if proxied is not None:
        own, proxy = proxied
        node["listeners"] += f",PROXIED://{HOST}:{own}"
        node["advertised.listeners"] += f",PROXIED://{HOST}:{proxy}"
        node["listener.security.protocol.map"] += ",PROXIED:PLAINTEXT"
        node["inter.broker.listener.name"] = "PLAINTEXT"
    return "".join(f"{key}={value}\n" for key, value in {**node, **BROKER}.items())


def controller_properties(port: int, data: Path) -> str:
    """The text of a controller's server.properties that holds the metadata for a broker that comes and goes.

    A lone node that is both and is killed may finish transactions before it has read its own topics, and skips the markers
    of those that it does not know: what it had acknowledged as committed is never seen (docs/decisions/0007).
    """
    node = {
        "process.roles": "controller",
        "node.id": str(_CONTROLLER),
        "controller.quorum.voters": f"{_CONTROLLER}@{HOST}:{port}",
        "listeners": f"CONTROLLER://{HOST}:{port}",
        **_listener_names(data),
    }
    return "".join(f"{key}={value}\n" for key, value in {**node, **BROKER}.items())


def cluster_properties(node: int, ports: Mapping[int, tuple[int, int]], data: Path) -> str:
    """The text of server.properties of one of several nodes, each broker and controller. `ports`: both, by node."""
    port, controller_port = ports[node]
    about = {
        "process.roles": "broker,controller",
        "node.id": str(node),
        "controller.quorum.voters": ",".join(f"{each}@{HOST}:{theirs}" for each, (_, theirs) in ports.items()),
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        **_listener_names(data),
    }
    return "".join(f"{key}={value}\n" for key, value in {**about, **CLUSTER}.items())


def _listener_names(data: Path) -> dict[str, str]:
    return {
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(data),
    }


def format_data(installation: Installation, configuration: Path, data: Path) -> None:
    """Make the data directory a node's, where it is not yet one. Raises ServerDied with what the tool said."""
    if (data / "meta.properties").exists():
        return
    command = java.storage_tool(installation).command("format", "--cluster-id", CLUSTER_ID, "--config", str(configuration))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServerDied(f"Kafka could not format {data}:\n{done.stdout}{done.stderr}")


def answers(brokers: str) -> bool:
    """Whether it answers with metadata and counts itself in."""
    client = AdminClient({"bootstrap.servers": brokers, "log_level": 0, "socket.timeout.ms": 1000})
    try:
        return bool(client.list_topics(timeout=1.0).brokers)
    except KafkaException:
        return False

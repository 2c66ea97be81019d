"""A broker that believes nobody: SCRAM over TLS for clients, certificates for itself, and what is not allowed is denied.

Passwords lie in files of their own and are never an argument of a command, where every user of the machine would read them.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from stack import java
from stack.assembly import prepare
from stack.broker import CLUSTER_ID
from stack.certificates import AUTHORITY, make, write_secret
from stack.errors import ServerDied
from stack.guarding import Guard
from stack.jars import installed
from stack.ports import HOST, free_port
from stack.server import Launch, Server
from stack.settings import BROKER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stack.assembly import Say
    from stack.jars import Installation

ADMIN = "admin"  # the super user, for whoever sets the broker up; services are never it
ITSELF = "broker"
MECHANISM = "SCRAM-SHA-512"


class Secrets:
    """Where the files of a directory are. Holds no secret itself, and its paths may be printed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = directory / AUTHORITY

    def password_file(self, principal: str) -> Path:
        return self.directory / f"{principal}.password"

    def environment(self, principal: str) -> dict[str, str]:
        """What a client needs that is this principal to the broker."""
        return {
            "BOOKLY_KAFKA_USER": principal,
            "BOOKLY_KAFKA_PASSWORD_FILE": str(self.password_file(principal)),
            "BOOKLY_KAFKA_CA": str(self.authority),
        }

    def create(self, principals: Sequence[str]) -> None:
        """Certificates and passwords, where there are none yet."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        if not self.authority.exists():
            make(self.directory, (ITSELF,))
        for principal in principals:
            if not self.password_file(principal).exists():
                write_secret(self.password_file(principal), secrets.token_hex(32).encode())


def properties(port: int, internal_port: int, controller_port: int, data: Path, secrets: Secrets) -> str:
    """The text of server.properties."""
    node = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "listeners": f"CLIENTS://{HOST}:{port},INTERNAL://{HOST}:{internal_port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"CLIENTS://{HOST}:{port},INTERNAL://{HOST}:{internal_port}",
        "listener.security.protocol.map": "CLIENTS:SASL_SSL,INTERNAL:SSL,CONTROLLER:SSL",
        "inter.broker.listener.name": "INTERNAL",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(data),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(secrets.directory / f"{ITSELF}.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(secrets.authority),
        "ssl.enabled.protocols": "TLSv1.3",
        # Within the broker, certificates say who is who: SCRAM could not, before the broker holds its own users.
        "listener.name.internal.ssl.client.auth": "required",
        "listener.name.controller.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": MECHANISM,
        "listener.name.clients.sasl.enabled.mechanisms": MECHANISM,
        "listener.name.clients.scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": f"User:CN={ITSELF};User:{ADMIN}",
    }
    return "".join(f"{key}={value}\n" for key, value in {**node, **BROKER}.items())


def format_data(installation: Installation, configuration: Path, data: Path, secrets: Secrets, principals: Sequence[str]) -> None:
    """Make the data directory a node's that knows these users, where it is not yet one. Raises ServerDied, without passwords."""
    if (data / "meta.properties").exists():
        return
    arguments = secrets.directory / "format.arguments"  # the tool reads its arguments from a file that is named by @
    lines = ["format", "--cluster-id", CLUSTER_ID, "--config", str(configuration)]
    for name in principals:
        lines += ["--add-scram", f"{MECHANISM}=[name={name},password={secrets.password_file(name).read_text()}]"]
    write_secret(arguments, "\n".join(lines).encode())
    try:
        command = java.storage_tool(installation).command(f"@{arguments}")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        arguments.unlink()
    if done.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        raise ServerDied(f"Kafka could not format {data}: exit code {done.returncode}. What it said may hold passwords.")


@contextmanager
def secured_broker(home: Path, principals: Sequence[str], say: Say) -> Iterator[tuple[Server, Secrets]]:
    """It runs, with its data below `home`, while the block does; and where its clients' secrets are. Raises StackError."""
    taken: set[int] = set()
    port, internal, controller = free_port(taken), free_port(taken), free_port(taken)
    installation, data, secrets = installed(say), prepare(home) / "broker", Secrets(home / "secrets")
    users = (*principals, ADMIN)
    secrets.create(users)
    configuration = home / "server.properties"
    configuration.write_text(properties(port, internal, controller, data, secrets))
    format_data(installation, configuration, data, secrets, users)
    with Guard() as guard:
        launch = Launch(
            name="broker",
            command=lambda: java.kafka(installation).command(str(configuration)),
            log=home / "logs" / "broker.log",
            ready=lambda: _answers(f"{HOST}:{port}", secrets),
            started=guard.add,
            ended=guard.drop,
        )
        server = Server(f"{HOST}:{port}", launch)
        server.start()
        try:
            yield server, secrets
        finally:
            server.stop()


def _answers(brokers: str, secrets: Secrets) -> bool:
    client = AdminClient(
        {
            "bootstrap.servers": brokers,
            "log_level": 0,
            "socket.timeout.ms": 1000,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": MECHANISM,
            "sasl.username": ADMIN,
            "sasl.password": secrets.password_file(ADMIN).read_text(),
            "ssl.ca.location": str(secrets.authority),
        }
    )
    try:
        return bool(client.list_topics(timeout=1.0).brokers)
    except KafkaException:
        return False

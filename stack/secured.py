"""Servers that believe nobody: SCRAM over TLS for the broker's clients, certificates within it, names for the others'.

Passwords lie in files of their own and are never an argument of a command, where every user of the machine would read them.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from bookly.access import MECHANISM
from stack import java
from stack.broker import CLUSTER_ID
from stack.certificates import write_secret
from stack.errors import ServerDied
from stack.ports import HOST
from stack.secrets import ADMIN, BROKER, REGISTRY
from stack.settings import BROKER as SETTINGS
from stack.settings import REGISTRY_PATH

if TYPE_CHECKING:
    from pathlib import Path

    from stack.jars import Installation
    from stack.secrets import Secrets

READER, WRITER, PROVISIONING = "reader", "writer", "provisioning"  # roles in the registry, and who alone may write


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
        "ssl.keystore.location": str(secrets.certificate(BROKER)),
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
        "super.users": f"User:CN={BROKER};User:{ADMIN}",
    }
    return "".join(f"{key}={value}\n" for key, value in {**node, **SETTINGS}.items())


def format_data(installation: Installation, configuration: Path, data: Path, secrets: Secrets) -> None:
    """Make the data directory a node's that knows its administrator, where it is not yet one. Raises ServerDied."""
    if (data / "meta.properties").exists():
        return
    arguments = secrets.directory / "format.arguments"  # the tool reads its arguments from a file that is named by @
    lines = ["format", "--cluster-id", CLUSTER_ID, "--config", str(configuration)]
    lines += ["--add-scram", f"{MECHANISM}=[name={ADMIN},password={secrets.password(ADMIN)}]"]
    write_secret(arguments, "\n".join(lines).encode())
    try:
        command = java.storage_tool(installation).command(f"@{arguments}")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        arguments.unlink()
    if done.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        raise ServerDied(f"Kafka could not format {data}: exit code {done.returncode}. What it said may hold passwords.")


def registry_settings(port: int, secrets: Secrets) -> Path:
    """A file of settings for the registry beside those of `stack.registry`: its TLS, its users, and who it is to the broker."""
    login = "org.apache.kafka.common.security.scram.ScramLoginModule required"
    looked_up, registered = f"{REGISTRY_PATH}/subjects/*", f"{REGISTRY_PATH}/subjects/*/versions"
    settings = {
        "quarkus.http.host": HOST,
        "quarkus.http.ssl-port": str(port),
        "quarkus.http.insecure-requests": "disabled",
        "quarkus.http.ssl.certificate.files": str(secrets.certificate(REGISTRY)),
        "quarkus.http.ssl.certificate.key-files": str(secrets.certificate(REGISTRY)),
        # Who asks has a name, and only provisioning changes anything. Looking a schema up is a POST, too.
        "quarkus.http.auth.basic": "true",
        "quarkus.security.users.embedded.plain-text": "true",  # in this file, which nobody else reads
        "quarkus.http.auth.policy.writing.roles-allowed": WRITER,
        "quarkus.http.auth.permission.reads.paths": ",".join(("/*", looked_up, registered)),  # each: the narrowest one decides
        "quarkus.http.auth.permission.reads.methods": "GET,HEAD",
        "quarkus.http.auth.permission.reads.policy": "authenticated",
        "quarkus.http.auth.permission.writes.paths": "/*",
        "quarkus.http.auth.permission.writes.methods": "POST,PUT,PATCH,DELETE",
        "quarkus.http.auth.permission.writes.policy": "writing",
        "quarkus.http.auth.permission.looks-up.paths": looked_up,
        "quarkus.http.auth.permission.looks-up.methods": "POST",
        "quarkus.http.auth.permission.looks-up.policy": "authenticated",
        "quarkus.http.auth.permission.registers.paths": registered,
        "quarkus.http.auth.permission.registers.methods": "POST",
        "quarkus.http.auth.permission.registers.policy": "writing",
        "apicurio.kafkasql.security.protocol": "SASL_SSL",
        "apicurio.kafka.common.security.protocol": "SASL_SSL",
        "apicurio.kafka.common.sasl.mechanism": MECHANISM,
        "apicurio.kafka.common.sasl.jaas.config": f'{login} username="{REGISTRY}" password="{secrets.password(REGISTRY)}";',
        "apicurio.kafka.common.ssl.truststore.type": "PEM",
        "apicurio.kafka.common.ssl.truststore.location": str(secrets.authority),
    }
    for name in (*secrets.principals, ADMIN):
        settings[f"quarkus.security.users.embedded.users.{name}"] = secrets.password(name)
        settings[f"quarkus.security.users.embedded.roles.{name}"] = WRITER if name in (ADMIN, PROVISIONING) else READER
    file = secrets.directory / "registry.properties"
    write_secret(file, "".join(f"{key}={value}\n" for key, value in settings.items()).encode())
    return file

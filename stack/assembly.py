"""How the three servers of one directory are started: their files, ports, data, logs and questions. Starts none."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from stack import admitting, broker, java, redis, registry, secured, state
from stack.jars import Installation, installed
from stack.ports import HOST, claim
from stack.secrets import Secrets
from stack.server import Launch, Server

_LOG_LIMIT = 20 * 1024 * 1024

Say = Callable[[str], None]
OnProcess = Callable[[int], None]


def assemble(
    home: Path,
    ports: Mapping[str, int],
    say: Say,
    started: OnProcess,
    ended: OnProcess,
    *,
    training: bool = False,
    secrets: Secrets | None = None,
) -> tuple[Server, Server, Server]:
    """Broker, registry and Redis with their data below `home`. Downloads what is missing. Raises StackError.

    `ports` with "proxied" and "proxy" gives the broker a second listener, on the first, for clients that come through the second;
    with "controller", its controller is one that runs there already (see controller.py). With `secrets`, they believe nobody,
    and the broker has data of its own.
    """
    taken: set[int] = set()
    usual = state.ports(home)
    claimed = {name: claim(name, ports.get(name), taken, usual.get(name)) for name in ("broker", "registry", "redis")}
    state.remember_ports(home, claimed)
    broker_port, registry_port, redis_port = claimed.values()
    apart = "controller" in ports
    controller_port = ports["controller"] if apart else claim("controller", None, taken)
    management_port = claim("management", None, taken)
    installation = installed(say)
    data = prepare(home)
    configuration = home / "server.properties"
    brokers, redis_program = f"{HOST}:{broker_port}", redis.program()
    if secrets is None:
        redis_command, scheme = redis.command(redis_program, redis_port, data / "redis"), "redis"
        proxied = (claim("proxied", ports["proxied"], taken), ports["proxy"]) if "proxied" in ports else None
        configuration.write_text(broker.properties(broker_port, controller_port, data / "broker", proxied, apart=apart))
        broker.format_data(installation, configuration, data / "broker")
    else:
        from contracts.cache_rights import redis_rights  # noqa: PLC0415  # a plain stack needs no contracts

        secrets.create()
        place, internal_port = data / "secured-broker", claim("internal", None, taken)
        configuration.write_text(secured.properties(broker_port, internal_port, controller_port, place, secrets))
        secured.format_data(installation, configuration, place, secrets)
        users = redis.write_users(secrets, redis_rights())
        redis_command, scheme = redis.secured(redis_program, redis_port, data / "redis", secrets, users), "rediss"

    return (
        Server(
            brokers,
            Launch(
                name="broker",
                command=lambda: java.kafka(installation).command(str(configuration), training=training),
                log=home / "logs" / "broker.log",
                ready=lambda: admitting.answers(brokers, secrets) if secrets else broker.answers(brokers),
                started=started,
                ended=ended,
            ),
        ),
        registry_of(installation, home, registry_port, management_port, brokers, started, ended, secrets, training=training),
        Server(
            f"{scheme}://{HOST}:{redis_port}/0",
            Launch(
                name="redis",
                command=lambda: redis_command,
                log=home / "logs" / "redis.log",
                ready=lambda: redis.answers(redis_port, secrets),
                started=started,
                ended=ended,
            ),
        ),
    )


def registry_of(
    installation: Installation,
    home: Path,
    port: int,
    management_port: int,
    brokers: str,
    started: OnProcess,
    ended: OnProcess,
    secrets: Secrets | None = None,
    *,
    training: bool = False,
) -> Server:
    """The registry that keeps its schemas in these brokers."""
    base = registry.url(port, secured=secrets is not None)
    settings = registry.environment(port, management_port, brokers)
    if secrets is not None:
        settings["QUARKUS_CONFIG_LOCATIONS"] = str(secured.registry_settings(port, secrets))
    return Server(
        base,
        Launch(
            name="registry",
            command=lambda: java.apicurio(installation).command(extra=registry.options(home / "tmp"), training=training),
            log=home / "logs" / "registry.log",
            ready=lambda: registry.answers(base, management_port, secrets),
            environment=settings,
            started=started,
            ended=ended,
        ),
    )


def prepare(home: Path) -> Path:
    """Make the directories, set large logs aside, and return the one for data."""
    shutil.rmtree(home / "tmp", ignore_errors=True)  # a killed registry leaves its libraries there
    for part in ("logs", "data/broker", "data/redis", "tmp"):
        (home / part).mkdir(parents=True, exist_ok=True)
    for log in (home / "logs").glob("*.log"):
        if log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
    return home / "data"

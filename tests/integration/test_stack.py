"""The real servers: each may be killed, halted and started again, and its data and address stay."""

from __future__ import annotations

import json
import socket
import ssl
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from bookly.transport import librdkafka_settings
from stack import Stack, broker, redis
from stack.ports import HOST
from stack.secrets import ADMIN

SCHEMA = json.dumps({"type": "record", "name": "Probe", "fields": [{"name": "id", "type": "string"}]})


@pytest.fixture(autouse=True)
def everything_runs_again(stack: Stack) -> Iterator[None]:
    """Whatever a test did to the session's servers, the next finds them running."""
    yield
    for server in stack.servers.values():
        server.resume()
        server.start()


def publish(stack: Stack, topic: str, value: str) -> None:
    failures: list[object] = []
    producer = Producer({**librdkafka_settings(stack.brokers), "acks": "all", "log_level": 0})
    producer.produce(topic, value=value, on_delivery=lambda error, _: failures.append(error))
    producer.flush(20)
    assert failures == [None]


def consume(stack: Stack, topic: str) -> str:
    settings = {
        **librdkafka_settings(stack.brokers),
        "group.id": f"test-{uuid4()}",
        "auto.offset.reset": "earliest",
        "log_level": 0,
    }
    consumer = Consumer(settings)
    consumer.subscribe([topic])
    try:
        message = consumer.poll(20)
        value = message.value() if message is not None and message.error() is None else None
        return value.decode() if isinstance(value, bytes) else "nothing"
    finally:
        consumer.close()


def ask_registry(stack: Stack, path: str, body: dict[str, str] | None = None) -> Any:
    headers, context = {"Content-Type": "application/vnd.schemaregistry.v1+json"}, None
    if stack.secrets is not None:
        name = f"{ADMIN}:{stack.secrets.password(ADMIN)}"
        headers["Authorization"] = f"Basic {b64encode(name.encode()).decode()}"
        context = ssl.create_default_context(cafile=stack.secrets.authority)
    request = urllib.request.Request(stack.registry + path, json.dumps(body).encode() if body else None, headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=10, context=context) as answer:  # noqa: S310
        return json.load(answer)


def ask_redis(stack: Stack, *words: str) -> bytes:
    address = urlsplit(str(stack.redis))
    with ExitStack() as block:
        connection = block.enter_context(socket.create_connection((HOST, address.port or 0), timeout=5))
        if stack.secrets is not None:
            context = ssl.create_default_context(cafile=stack.secrets.authority)
            connection = block.enter_context(context.wrap_socket(connection, server_hostname=HOST))
            connection.sendall(f"AUTH {ADMIN} {stack.secrets.password(ADMIN)}\r\n".encode())
            assert connection.recv(1024) == b"+OK\r\n"
        connection.sendall((" ".join(words) + "\r\n").encode())
        return connection.recv(1024)


@pytest.fixture
def topic(stack: Stack) -> str:
    name = f"probe-{uuid4()}"
    client = AdminClient({**librdkafka_settings(stack.brokers)})  # must live as long as its answer is waited for
    client.create_topics([NewTopic(name, 1, 1)])[name].result(20)
    return name


def test_a_killed_broker_comes_back_to_its_address_with_every_acknowledged_record(stack: Stack, topic: str) -> None:
    publish(stack, topic, "before the kill")
    stack.broker.kill()
    assert not broker.answers(stack.brokers)
    stack.broker.start()
    assert consume(stack, topic) == "before the kill"


def test_the_registry_outlives_its_brokers_death(stack: Stack) -> None:
    stack.broker.kill()
    stack.broker.start()
    subject = f"probe-{uuid4()}"
    assert ask_registry(stack, f"/subjects/{subject}/versions", {"schema": SCHEMA})["id"] > 0


def test_a_killed_registry_comes_back_with_its_schemas_and_their_ids(stack: Stack) -> None:
    subject = f"probe-{uuid4()}"
    known = ask_registry(stack, f"/subjects/{subject}/versions", {"schema": SCHEMA})["id"]
    stack.registry.kill()
    stack.registry.start()
    assert subject in ask_registry(stack, "/subjects")
    assert ask_registry(stack, f"/subjects/{subject}/versions/latest")["id"] == known


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_redis_comes_back_with_what_it_had_acknowledged(stack: Stack, end: str) -> None:
    assert ask_redis(stack, "SET", f"probe-{end}", "kept") == b"+OK\r\n"
    getattr(stack.redis, end)()
    stack.redis.start()
    assert ask_redis(stack, "GET", f"probe-{end}") == b"$4\r\nkept\r\n"


def test_a_halted_redis_keeps_its_connections_and_answers_when_it_goes_on(stack: Stack) -> None:
    port = int(stack.redis.removesuffix("/0").rsplit(":", 1)[1])
    stack.redis.pause()
    assert not redis.answers(port, stack.secrets)
    stack.redis.resume()
    assert redis.answers(port, stack.secrets)


def test_redis_evicts_the_least_used_within_its_memory(stack: Stack) -> None:
    assert b"allkeys-lru" in ask_redis(stack, "CONFIG", "GET", "maxmemory-policy")
    assert b"268435456" in ask_redis(stack, "CONFIG", "GET", "maxmemory")


def test_a_topic_that_nobody_declared_is_not_made(stack: Stack) -> None:
    client = AdminClient({**librdkafka_settings(stack.brokers)})
    assert client.list_topics("a-typing-error", timeout=10).topics["a-typing-error"].error is not None
    assert "a-typing-error" not in client.list_topics(timeout=10).topics


def test_a_transaction_commits_on_the_one_node(stack: Stack, topic: str) -> None:
    producer = Producer({**librdkafka_settings(stack.brokers), "transactional.id": f"probe-{uuid4()}"})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(topic, value="in a transaction")
    producer.commit_transaction(20)
    assert consume(stack, topic) == "in a transaction"


@pytest.mark.parametrize("name", ["broker", "registry", "redis"])
def test_every_server_listens_on_the_loopback_alone(stack: Stack, name: str) -> None:
    connections = psutil.Process(stack.servers[name].pid).net_connections("tcp")
    listening = {connection.laddr.ip for connection in connections if connection.status == psutil.CONN_LISTEN}
    assert listening
    assert listening <= {"127.0.0.1", "::ffff:127.0.0.1"}

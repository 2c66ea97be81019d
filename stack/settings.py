"""The servers' versions and settings, as data: the local stack starts with them and a test holds docker-compose.yml to them."""

from __future__ import annotations

from typing import Final

KAFKA_VERSION: Final = "4.3.1"
APICURIO_VERSION: Final = "3.3.3"

BROKER_PORT: Final = 9092  # the usual ports, which Compose publishes; the local stack takes free ones
REGISTRY_PORT: Final = 8080
REDIS_PORT: Final = 6379

REGISTRY_PATH: Final = "/apis/ccompat/v7"

# One node holds every internal topic, so each has one replica. Topics come from topics/, never from a typing error.
BROKER: Final = {
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "offsets.retention.minutes": "576000",  # 400 days, as the events: a group that is away for longer has lost its place
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "8",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "broker.session.timeout.ms": "3000",  # a killed broker may come back only after it: 11 s at the default of 9 s, now 4
    "broker.heartbeat.interval.ms": "500",
    "auto.create.topics.enable": "false",
    "message.max.bytes": "1048588",
    "log.cleaner.dedupe.buffer.size": "33554432",  # the default takes 128 MiB of the heap for a day's compaction
}

# Of three nodes: each record on all, and acknowledged once two have it, so that one may be away.
CLUSTER: Final = {
    **BROKER,
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}

# The poll timeout is also how long a start waits for a snapshot that is not there, twice: 10 s of it at the default of 5 s.
# Nothing is lost by it: the journal keeps everything, and is read from its beginning where no snapshot was seen.
REGISTRY: Final = {
    "APICURIO_STORAGE_KIND": "kafkasql",
    "APICURIO_KAFKASQL_CONSUMER_POLL_TIMEOUT": "250",
    "QUARKUS_LOG_CATEGORY__ORG_APACHE_KAFKA__LEVEL": "WARN",
}

REDIS: Final = {
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory": "256mb",
    "maxmemory-policy": "allkeys-lru",
    "protected-mode": "yes",
}

# A node's log says what a master had that died; a snapshot is what a new replica begins with, and what is read first at a start.
REDIS_CLUSTER: Final = {
    **REDIS,
    "save": "900 1 300 100",
    "cluster-enabled": "yes",
    "cluster-node-timeout": "3000",
    "repl-diskless-sync-delay": "0",
}

BROKER_HEAP: Final = "384m"
REGISTRY_HEAP: Final = "384m"

"""Three brokers and six Redis: with one of each gone, what is asked of them is done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from confluent_kafka.admin import AdminClient

from bookly import BlockingProducer, EventPayload
from bookly.cache import Caches
from contracts.broker import create_topics, topic_config
from contracts.registry import provision_registry
from stack.cluster import Cluster
from tests.browser.console.story import reservation
from tests.integration.cache.sources import Source
from tests.integration.cache.world import ANY
from tests.nobody import forget
from tests.pipeline import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

STATUS = ANY["resource_status"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster.start(tmp_path_factory.mktemp("cluster")) as cluster, pytest.MonkeyPatch.context() as patch:
        forget(patch)
        create_topics(cluster.brokers)
        provision_registry(str(cluster.registry))
        yield cluster


def in_sync(cluster: Cluster) -> set[int]:
    """How many brokers have each partition of the contracts' topics, whole."""
    admin = AdminClient({"bootstrap.servers": cluster.brokers, "log_level": 2})
    topics = [topic for name, topic in admin.list_topics(timeout=10).topics.items() if name.startswith("bookly.")]
    assert topics
    return {len(partition.isrs) for topic in topics for partition in topic.partitions.values()}


def test_every_partition_is_on_three_brokers_and_acknowledged_by_two(cluster: Cluster) -> None:
    eventually(lambda: in_sync(cluster) == {3}, "all copies are whole")
    assert topic_config(cluster.brokers, "bookly.availability")["min.insync.replicas"] == "2"


def test_without_a_broker_and_a_master_events_are_confirmed_and_entries_kept(cluster: Cluster) -> None:
    master = cluster.redis_nodes.master_of(STATUS.key_of("r-1"))
    cluster.nodes[2].kill()
    cluster.redis_nodes.nodes[master].kill()
    producer = BlockingProducer(brokers=cluster.brokers, registry=str(cluster.registry), source="suite")
    with producer:
        receipts = [producer.enqueue(EventPayload.of(reservation(number, 0, 2), source="suite")) for number in range(40)]
        assert {receipt.result().partition for receipt in receipts} == {0, 1, 2, 3}

    async def kept() -> bool:
        async with Caches(str(cluster.redis)) as caches, asyncio.timeout(30):
            entries = caches.of(STATUS)
            while not await entries.get_many(["r-1"]):
                await entries.get_or_load("r-1", loader=Source("seen"))
                await asyncio.sleep(0.05)
        return True

    assert asyncio.run(kept())
    cluster.nodes[2].start()
    cluster.redis_nodes.settle()
    eventually(lambda: in_sync(cluster) == {3}, "the broker that is back has all copies again")

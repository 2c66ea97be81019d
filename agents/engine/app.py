"""The Faust app of one domain: one consumer group, one agent over all topics that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import faust
from mode.supervisors import CrashingSupervisor

from agents.engine.connections import credentials
from agents.engine.consuming import BatchTransport
from agents.engine.leasing import now
from agents.engine.recovery import FencedTableManager
from agents.engine.stream import BatchStream
from agents.engine.watchdog import Work

if TYPE_CHECKING:
    from faust.types import TP

    from agents.domain import Domain
    from agents.engine.runner import Runner

QUEUED_SLICES = 8  # what is fetched and waits to be applied: beyond it, a worker that is behind would keep its backlog in memory
FETCH_BYTES = 2 * 1024 * 1024  # a partition and response: with less, the fetcher runs dry while a response is under way
SESSION_S = 10.0
REBALANCE_S = 20.0  # what members have to come back to a group that changes: more than giving up takes
REQUEST_S = 25.0  # above it: an answer to joining is as long in coming. A connection that swallows everything is seen within 30 s
METADATA_S = 5.0  # how old the leader's picture of topics may be: a broker that starts shows none, and nothing is assigned
NEVER_S = 86_400.0  # taking over may take its time, and fetches nothing: the watchdog judges by progress, aiokafka by the clock


class BooklyApp(faust.App):
    """Faust with our delivery (docs/decisions/0002). `runner` is set before the worker starts."""

    runner: Runner

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self)

    def lag(self) -> dict[TP, int]:
        """Records that wait, by input partition. May be asked from any thread; empty before there is a consumer."""
        consumer: Any = self._consumer
        return {} if consumer is None else dict(consumer.lag())

    def is_member(self) -> bool:
        """Whether our partitions are surely nobody else's at this moment. False before there is a consumer."""
        consumer: Any = self._consumer
        return consumer is not None and now() - consumer.lease_renewed() < SESSION_S

    def work(self) -> Work:
        """What there is to do, for the watchdog. May be asked from any thread."""
        partitions = dict(self.runner.partitions)
        behind = {
            tp: partitions[tp.partition].done_up_to(tp) for tp, lag in self.lag().items() if lag and tp.partition in partitions
        }
        return Work(behind, self.runner.committing.since)

    def _create_directories(self) -> None:
        """State lives in changelogs and memory: no directory is made."""


def build(domain: Domain, brokers: str, runner: Runner, partitions: int, client: str | None = None) -> BooklyApp:
    """The app, its tables and its agent. Declared all at once: a topic added later would start 45 s late.

    `client`: how it calls itself to the broker, which shows it to whoever looks for owners.
    """
    app = BooklyApp(
        domain.group,
        broker=[f"kafka://{broker}" for broker in brokers.split(",")],
        broker_credentials=credentials(),
        broker_client_id=client or domain.group,
        TableManager=FencedTableManager,
        Stream=BatchStream,
        store="memory://",
        key_serializer="raw",
        value_serializer="raw",
        topic_partitions=partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        agent_supervisor=CrashingSupervisor,
        consumer_auto_offset_reset="earliest",
        broker_max_poll_records=4_000,
        consumer_max_fetch_size=FETCH_BYTES,
        consumer_metadata_max_age_ms=int(METADATA_S * 1000),
        broker_session_timeout=SESSION_S,
        broker_heartbeat_interval=SESSION_S / 4,
        broker_max_poll_interval=NEVER_S,
        broker_request_timeout=REQUEST_S,
        broker_rebalance_timeout=REBALANCE_S,
        stream_recovery_delay=0.0,
        stream_buffer_maxsize=QUEUED_SLICES,  # of every queue: a topic's own size is lost where Faust clones it for an agent
        stream_wait_empty=False,
        worker_redirect_stdouts=False,
        web_enabled=False,
        producer_acks=-1,
    )
    app.runner = runner
    for table in domain.tables:
        app.Table(table.name, partitions=partitions, key_type=bytes, value_type=bytes)

    @app.agent(app.topic(*domain.inputs, key_type=bytes, value_type=bytes), name=domain.name)
    async def react(stream: Any) -> None:
        await runner.run(stream)

    return app

"""A group's tables made again from the log: identical beside a working group, and corrected where somebody spoilt a row."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import count
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Producer
from rich.console import Console

from agents import changelogs, domains
from agents.rebuild.command import rebuild as make_again
from agents.rebuild.snapshot import Snapshot
from agents.rebuild.switching import switch
from agents.reports.tables import HOUR
from api.tables import read_log, read_table
from bookly import BlockingProducer
from bookly.events import availability, stockpile
from bookly.records.reports import DemandWindowClosed
from bookly.records.sealing import micros
from bookly.registry import Registry
from bookly.transport import librdkafka_settings
from contracts.broker import provision_broker
from contracts.registry import provision_registry
from demo.barrier import Barrier, Offsets
from tests.pipeline import Pipeline, eventually
from tests.servers import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN = datetime(2026, 10, 1, 8, tzinfo=UTC)
ROOMS = [f"room-{number}" for number in range(8)]


@pytest.fixture
def flow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Servers of its own: what other tests leave in a shared log is not for these tables."""
    logs = tmp_path_factory.mktemp("rebuild")
    with servers(tmp_path_factory.mktemp("stack-of-rebuild")) as stack:
        provision_broker(stack.brokers, changelogs())
        provision_registry(str(stack.registry))
        with BlockingProducer(brokers=stack.brokers, registry=str(stack.registry), source="booking-web") as producer:
            running = Pipeline(stack, producer, Registry(str(stack.registry)), logs, str(stack.redis))
            try:
                yield running
            finally:
                for worker in running.workers.values():
                    worker.kill()
                running.registry.close()


def publish(flow: Pipeline, many: int, begin: datetime) -> int:
    """Reservations and visits of some weeks, out of order here and there; how many events of two topics."""
    for number in range(many):
        at, room = begin + timedelta(hours=6 * number - (number % 7) * 5), ROOMS[number % len(ROOMS)]
        slot = {"starts_at": at + timedelta(hours=30), "ends_at": at + timedelta(hours=31, minutes=30)}
        about: dict[str, Any] = {"reservation_id": f"r-{begin:%j}-{number}", "resource_id": room, "user_id": "ann"}
        created = availability.ReservationCreated(**about, **slot, category_id="rooms", attendees=2)
        flow.producer.publish(created, occurred_at=at)
        visit = {"checked_in_at": slot["starts_at"], "checked_out_at": slot["ends_at"]}
        flow.producer.publish(stockpile.CheckOutCompleted(**about, **visit), occurred_at=slot["ends_at"])
    return 2 * many


def wait(flow: Pipeline) -> None:
    Barrier(Offsets(flow.stack.brokers), {"bookly-reports": ("bookly.availability", "bookly.stockpile")}, 60).wait(
        flow.check_workers
    )


def rebuild(flow: Pipeline, *more: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, what it says to scripts, and to people."""
    command = [sys.executable, "-m", "api", "reports", "rebuild", *more]  # as people type it; it runs agents.rebuild
    done = subprocess.run(command, env=flow.environment(), capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def spoil(flow: Pipeline, key: str, row: dict[str, Any]) -> None:
    """As a handler that was wrong for a while would have left it."""
    topic, number = "bookly-reports-demand-changelog", _partition_of(flow, key)
    producer = Producer({**librdkafka_settings(flow.stack.brokers)})
    producer.produce(topic, json.dumps(row).encode(), key.encode(), partition=number)
    producer.flush(30)


def _partition_of(flow: Pipeline, key: str) -> int:
    return next(
        message.partition() or 0
        for message in read_log(flow.stack.brokers, "bookly-reports-demand-changelog")
        if message.key() == key.encode()
    )


def test_rebuilt_tables_are_the_live_ones_and_a_spoilt_row_is_found_corrected_and_told(flow: Pipeline) -> None:
    worker = flow.start("reports")
    published = publish(flow, 120, BEGIN)
    wait(flow)
    code, said, errors = rebuild(flow)
    assert (code, said["differences"], said["failed"], said["events"]) == (0, 0, 0, published), errors
    assert said["rows"] > published
    code, _, errors = rebuild(flow, "--switch")
    assert code == 2
    assert "stop them" in errors
    assert worker.stop() == 0

    key = f"room-0|{micros(BEGIN)}"
    right = read_table(flow.stack.brokers, "reports", "demand")[key]
    spoil(flow, key, {**right, "asked": right["asked"] + 7})
    code, said, errors = rebuild(flow)
    assert (code, said["differences"]) == (1, 1)
    assert key in errors
    assert "asked 8 live, 1 rebuilt" in errors
    code, said, errors = rebuild(flow, "--switch")
    assert (code, said["switched"]) == (0, True), errors
    assert rebuild(flow)[0] == 0

    flow.start("reports")
    publish(
        flow, 1, BEGIN + timedelta(days=50)
    )  # event time goes on: the month's last hours are over, whichever topic came first
    wait(flow)

    def told() -> list[DemandWindowClosed]:
        events: list[Any] = flow.events("bookly.reports", DemandWindowClosed)
        return [event for event in events if (event.resource_id, event.window_start_at) == ("room-0", micros(BEGIN))]

    eventually(lambda: [event.revision for event in told()][-1:] == [right["revision"] + 1], "the corrected hour is told again")
    assert told()[-1].asked == 1
    assert read_table(flow.stack.brokers, "reports", "demand")[key]["asked"] == 1
    assert micros(BEGIN) % HOUR == 0


def test_beside_a_group_that_is_written_to_all_the_time_it_is_compared_as_well(flow: Pipeline) -> None:
    flow.start("reports")
    publish(flow, 60, BEGIN)
    wait(flow)
    ends = Event()

    def go_on() -> None:
        for number in count():
            publish(flow, 1, BEGIN + timedelta(days=60 + number))
            if ends.wait(0.3):
                return

    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(go_on)
        try:
            for _ in range(3):
                code, said, errors = rebuild(flow)
                assert (code, said["differences"]) == (0, 0), errors
        finally:
            ends.set()
            busy.result(30)


def test_a_switch_that_is_cut_off_half_way_is_finished_by_the_next(flow: Pipeline) -> None:
    worker = flow.start("reports")
    publish(flow, 120, BEGIN)
    wait(flow)
    assert worker.stop() == 0
    right = read_table(flow.stack.brokers, "reports", "demand")
    wrong: dict[int, str] = {}
    for key in right:
        wrong.setdefault(_partition_of(flow, key), key)
    assert len(wrong) > 1, "of more than one partition"
    for key in wrong.values():
        spoil(flow, key, {**right[key], "asked": 99})

    snapshot, reports = Snapshot(domains()["reports"], flow.stack.brokers), domains()["reports"]
    found = make_again(reports, snapshot, flow.stack.brokers, str(flow.stack.registry), Console(file=StringIO()))
    corrected: list[int] = []

    def power_cut(number: int) -> None:
        corrected.append(number)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        switch(reports, flow.stack.brokers, snapshot, found.corrections(), found.live, power_cut)
    code, said, errors = rebuild(flow)
    assert (code, said["differences"]) == (1, len(wrong) - (corrected[0] in wrong)), errors
    code, said, errors = rebuild(flow, "--switch")
    assert (code, said["switched"]) == (0, True), errors
    assert rebuild(flow)[0] == 0
    assert {key: row["asked"] for key, row in read_table(flow.stack.brokers, "reports", "demand").items()} == {
        key: row["asked"] for key, row in right.items()
    }

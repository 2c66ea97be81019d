"""One flow from end to end on a broker that denies by default: each worker is its own principal, and may all that it must."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from agents import domains
from api.tally import read_reached
from bookly import BlockingProducer
from bookly.errors import BrokerUnavailable
from bookly.records.stockpile import ApprovalGranted
from bookly.registry import Registry
from contracts.registry import provision_registry
from stack import Stack
from tests.pipeline import Pipeline, Worker, eventually
from tests.stories.university import reserve, resource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stack.secured import Secrets
    from tests.integration.security.conftest import Secured


@dataclass
class Guarded(Pipeline):
    """Its workers have a name each."""

    secrets: Secrets | None = None

    def start(self, domain: str) -> Worker:
        assert self.secrets is not None
        self.workers[domain] = Worker(domain, {**self.environment(), **self.secrets.environment(domain)}, self.logs)
        return self.workers[domain]


def is_known(brokers: str, group: str) -> bool:
    """Asked by aiokafka: confluent-kafka 2.16 crashes where a group's coordinator is still being found."""
    try:
        read_reached(brokers, group)
    except BrokerUnavailable:
        return False
    return True


def test_a_reservation_is_confirmed_and_counted_by_workers_that_are_a_principal_each(
    stack: Stack, secured: Secured, become: Callable[[str], None], tmp_path: Path
) -> None:
    """The registry and Redis are the plain ones: what is tried here is the broker."""
    provision_registry(str(stack.registry))
    guarded = Stack(tmp_path, secured.server, stack.registry, stack.redis)
    become("api")
    with BlockingProducer(brokers=secured.brokers, registry=str(stack.registry), source="story") as producer:
        become("console")
        flow = Guarded(guarded, producer, Registry(str(stack.registry)), tmp_path, str(stack.redis), secrets=secured.secrets)
        try:
            for domain in domains():
                eventually(partial(is_known, secured.brokers, f"bookly-{domain}"), "a coordinator for each group")
                flow.start(domain)
            room = resource(flow)
            reservation = reserve(flow, room)
            assert flow.row("resources", "usage", room)["reserved"] == 1
            assert flow.row("availability", "reservations", reservation)["state"] == "CONFIRMED"
            assert flow.row("stockpile", "approvals", reservation)["state"] == "GRANTED"
            [granted] = flow.events("bookly.stockpile", ApprovalGranted)
            assert getattr(granted, "reservation_id", "") == reservation
            [window] = [row for key, row in flow.table("reports", "demand").items() if key.startswith(f"{room}|")]
            assert (window["asked"], window["confirmed"]) == (1, 1)
            for worker in flow.workers.values():
                assert worker.stop() == 0
                assert not worker.says(secured.secrets.password_file(worker.domain).read_text()), worker.log
        finally:
            for worker in flow.workers.values():
                worker.kill()
            flow.registry.close()

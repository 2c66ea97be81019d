"""One flow from end to end on servers that deny by default: each worker is its own principal, and may all that it must."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from agents import domains
from api.tally import read_reached
from bookly import BlockingProducer
from bookly.errors import BrokerUnavailable
from bookly.records.stockpile import ApprovalGranted
from bookly.registry import Registry
from tests.integration.security.conftest import secrets_of
from tests.pipeline import Pipeline, eventually
from tests.stories.university import reserve, resource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stack import Stack


def is_known(brokers: str, group: str) -> bool:
    """Asked by aiokafka: confluent-kafka 2.16 crashes where a group's coordinator is still being found."""
    try:
        read_reached(brokers, group)
    except BrokerUnavailable:
        return False
    return True


def test_a_reservation_is_confirmed_and_counted_by_workers_that_are_a_principal_each(
    secured: Stack, become: Callable[[str], None], tmp_path: Path
) -> None:
    become("api")
    with BlockingProducer(brokers=secured.brokers, registry=str(secured.registry), source="story") as producer:
        become("console")
        flow = Pipeline(secured, producer, Registry(str(secured.registry)), tmp_path, str(secured.redis))
        try:
            for domain in domains():
                eventually(partial(is_known, secured.brokers, f"bookly-{domain}"), "a coordinator for each group")
                flow.start(domain)
            room = resource(flow)
            reservation = reserve(flow, room)
            assert flow.row("resources", "usage", room)["reserved"] == 1
            assert flow.row("availability", "reservations", reservation)["state"] == "CONFIRMED"
            assert flow.row("stockpile", "approvals", reservation)["state"] == "GRANTED"
            granted = [
                event
                for event in flow.events("bookly.stockpile", ApprovalGranted)
                if getattr(event, "reservation_id", "") == reservation
            ]
            assert len(granted) == 1
            [window] = [row for key, row in flow.table("reports", "demand").items() if key.startswith(f"{room}|")]
            assert (window["asked"], window["confirmed"]) == (1, 1)
            for worker in flow.workers.values():
                assert worker.stop() == 0
                assert not worker.says(secrets_of(secured).password(worker.domain)), worker.log
                assert not worker.says("NoPermissionError"), worker.log
                assert not worker.says("AuthenticationError"), worker.log
        finally:
            for worker in flow.workers.values():
                worker.kill()
            flow.registry.close()

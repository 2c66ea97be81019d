"""An event that cannot be published holds its key, says why, and holds nobody else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType  # type: ignore[attr-defined]
from sqlalchemy import update

from bookly.events.resources import CategoryUpdated
from bookly.outbox import BlockingOutbox
from bookly.outbox.tables import OUTBOX as TABLE
from bookly.transport import librdkafka_settings
from tests.integration.outbox.processes import run
from tests.integration.outbox.world import OUTBOX, TOPIC, by_key, status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.outbox.world import World

GENEROUS = BlockingOutbox(source="facility-service", max_event_bytes=10_000_000)


def said(world: World, *words: str) -> tuple[int, Any]:
    """A command's exit code and the JSON object that it printed."""
    done = run(world.database.url, world.stack, *words)
    return done.returncode, json.loads(done.stdout)


def category(description: str) -> CategoryUpdated:
    return CategoryUpdated(category_id="rooms", name="Rooms", description=description)


def test_a_schema_that_the_registry_lacks_holds_the_key_until_it_is_provisioned(world: World) -> None:
    with world.database.engine.begin() as connection:
        first = OUTBOX.write(connection, status("room-1"))
        connection.execute(update(TABLE).values(fingerprint="0" * 16))
        second = OUTBOX.write(connection, status("room-1"))
        other = OUTBOX.write(connection, status("room-2"))
    world.relay("--hold", "600")
    world.wait_for("the other key is published", lambda: by_key(world.read()) == {"room-2": [other]})
    world.wait_for("it is held", lambda: world.database.measure().held == 1)
    code, status_ = said(world, "status", "--json")
    assert (code, status_["size"], status_["held"][0]["event_id"], status_["held"][0]["waiting"]) == (1, 2, first, 2)
    assert (
        "no version of bookly.resources.ResourceStatusChangedEvent with the fingerprint 0000000000000000"
        in status_["held"][0]["reason"]
    )
    with world.database.engine.begin() as connection:  # what provisioning would do: the fingerprint is known
        known = connection.execute(TABLE.select().where(TABLE.c.event_id == second)).one().fingerprint
        connection.execute(update(TABLE).values(fingerprint=known))
    assert "1 keys are tried again" in run(world.database.url, world.stack, "retry").stdout
    world.wait_until_empty()
    assert by_key(world.read()) == {"room-1": [first, second], "room-2": [other]}


def test_an_event_above_the_relays_limit_is_dropped_by_people_alone(world: World) -> None:
    with world.database.engine.begin() as connection:
        large = GENEROUS.write(connection, category("x" * 1_100_000))
        after = OUTBOX.write(connection, category("short"))
    world.relay("--hold", "600")
    world.wait_for("it is held", lambda: world.database.measure().held == 1)
    done = run(world.database.url, world.stack, "status")
    assert done.returncode == 1
    assert "1 keys are held" in done.stdout
    assert f"held with 2 events: resources.category.updated {large}, key rooms" in done.stdout
    assert "the limit is 1,000,000" in done.stdout
    assert run(world.database.url, world.stack, "drop", after).returncode == 1, "it is not what holds the key"
    assert run(world.database.url, world.stack, "drop", large).returncode == 0
    world.wait_until_empty()
    assert by_key(world.read()) == {"rooms": [after]}
    assert said(world, "status", "--json") == (0, {"size": 0, "age_s": 0.0, "held": []})


@pytest.fixture
def small_records(world: World) -> Iterator[None]:
    """The topic takes records of 1,500 bytes, below what any of our limits say."""
    admin = AdminClient(librdkafka_settings(world.stack.brokers))

    def alter(operation: AlterConfigOpType, value: str | None) -> None:
        entry = ConfigEntry("max.message.bytes", value, incremental_operation=operation)
        resource = ConfigResource(ResourceType.TOPIC, TOPIC, incremental_configs=[entry])
        for future in admin.incremental_alter_configs([resource]).values():
            future.result(10)

    alter(AlterConfigOpType.SET, "1500")
    yield
    alter(AlterConfigOpType.DELETE, None)


@pytest.mark.usefixtures("small_records")
def test_an_event_that_the_broker_refuses_is_tried_again_after_a_while(world: World) -> None:
    """Numbers of all kinds, which compression leaves above the limit."""
    with world.database.engine.begin() as connection:
        large = OUTBOX.write(connection, category(repr(list(range(900)))))
        after = OUTBOX.write(connection, category("short"))
        other = OUTBOX.write(connection, status("room-1"))
    relay = world.relay("--hold", "1")
    world.wait_for("the other is published", lambda: by_key(world.read()) == {"room-1": [other]})
    world.wait_for("it was tried more than once", lambda: relay.figure("bookly_outbox_refused_total") >= 2)
    _, status_ = said(world, "status", "--json")
    assert [(one["event_id"], one["waiting"]) for one in status_["held"]] == [(large, 2)]
    assert "Message size too large" in status_["held"][0]["reason"]
    assert by_key(world.read()) == {"room-1": [other]}, "what comes after it waits"
    assert run(world.database.url, world.stack, "drop", large).returncode == 0
    world.wait_until_empty()
    assert by_key(world.read()) == {"room-1": [other], "rooms": [after]}

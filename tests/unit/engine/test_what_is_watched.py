"""What the watchdog is told of: partitions, commits, a registry that is away, an end that was asked for."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, cast

import pytest
from faust.types import TP

from agents.engine import decoding, worker
from agents.engine.health import report
from agents.engine.partition import Partition
from agents.engine.watchdog import DRAIN_S, Work
from agents.engine.worker import Worker, prepare
from bookly.errors import RegistryUnavailable, UnknownSchema
from bookly.settings import Settings
from tests.unit.engine.watched import Watched
from tests.unit.engine.world import CONTROL, DOMAIN, INPUT, World, reservation

if TYPE_CHECKING:
    from agents.engine.app import BooklyApp

BUSY = TP("bookly.availability", 3)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> BooklyApp:
    monkeypatch.setattr(worker, "schema_ids", lambda _: {})
    return prepare(DOMAIN, Settings("broker:1", "http://registry:1", "redis://redis:1"))


def test_it_is_asked_of_every_partition_with_lag_that_is_owned(app: BooklyApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "lag", lambda: {INPUT: 5, CONTROL: 0, BUSY: 5})
    app.runner.partitions[INPUT.partition] = Partition(DOMAIN, INPUT.partition)
    app.runner.partitions[INPUT.partition].reached(INPUT, 7, records=1)
    assert app.work() == Work({INPUT: 7}, None), "the other partition is somebody else's by now"


def test_health_names_the_partition(app: BooklyApp) -> None:
    watched = Watched(behind={INPUT: 7}, ago=40)
    watched.at(0)
    watched.pulse.looped = time.monotonic()
    app.runner.staleness.observe(["res:gen:status:{r-1}", "res:gen:status:{r-2}"], time.time() - 3)
    found = report(app, watched.watchdog)
    assert found["staleness"] == {"resource_status": {"invalidations": 2, "longest_s": pytest.approx(3, abs=1)}}
    assert (found["live"], found["ready"]) == (False, False)
    assert found["why"].startswith("bookly.availability partition 2 has lag and has stood at offset 7 for")


async def test_a_commit_is_under_way_from_when_it_begins_to_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    world, ends = World(), asyncio.Event()

    async def commit(*_: Any, **__: Any) -> None:
        await ends.wait()

    monkeypatch.setattr(world.partition, "commit", commit)
    await world.send(reservation("r-1"))
    assert world.runner.committing.since is None
    world.runner.committing._began_all = before = time.monotonic()  # the last one that included markers
    await world.runner.committing.begin([world.partition])
    assert before < (world.runner.committing.since or 0.0) <= time.monotonic()
    ends.set()
    await world.runner.committing.settle()
    assert world.runner.committing.since is None


async def test_each_question_that_the_registry_does_not_answer_is_an_excuse(
    app: BooklyApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [*[RegistryUnavailable("registry", "schema id 1", "nobody listens")] * 2, UnknownSchema("it knows no such id")]
    excuses: list[float] = []

    class Asked:
        def decoder(self, _: int) -> None:
            excuses.append(app.runner.pulse.excused)
            raise answers.pop(0)

    monkeypatch.setattr(decoding, "RETRY_S", (0.001,))
    app.runner._decoding._registry = cast("Any", Asked())
    await app.runner._decoding.decode([b"\0\0\0\0\1"])
    assert excuses == sorted(set(excuses)), "each is newer than the one before"
    assert len(excuses) == 3


async def test_after_a_crash_as_well_it_has_to_be_down_in_time(app: BooklyApp) -> None:
    watched = Watched()
    await Worker(app, watched.watchdog).stop()
    assert watched.watchdog.verdict(time.monotonic() + DRAIN_S + 1) is not None
    assert watched.watchdog.verdict(time.monotonic() + DRAIN_S - 1) is None, "nothing else is asked"

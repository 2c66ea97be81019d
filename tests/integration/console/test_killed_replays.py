"""A replay that is killed at any moment, and taken up again by another process: each record once, in its order, none left out."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from confluent_kafka import Producer

from api.console.plans import plan_of
from api.console.reading import found, read, spans_of
from api.console.running import produced_by
from api.console.selection import Selection
from api.http.security.keys import new_key
from api.tally import read_reached
from bookly.transport import librdkafka_settings
from tests.pipeline import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.console.found import Found

PARTITIONS = 3
RECORDS = 6_000
KILLS = 4
BY_ROOM = ("--key", "room-1", "--key", "room-4")


def fill(brokers: str, topic: str) -> None:
    """Half of it in transactions, one of which was aborted: gaps, and records that nobody may see."""
    plain = Producer({**librdkafka_settings(brokers), "log_level": 2})
    for number in range(RECORDS // 2):
        plain.produce(topic, str(number), f"room-{number % 5}", number % PARTITIONS, headers={"ce_id": str(number)})
    assert plain.flush(30) == 0
    writer = Producer({**librdkafka_settings(brokers), "transactional.id": topic, "log_level": 2})
    writer.init_transactions(30)
    for begin in range(RECORDS // 2, RECORDS, 500):
        for keeps in (False, True) if begin == RECORDS // 2 else (True,):
            writer.begin_transaction()
            for number in range(begin, begin + 500):
                writer.produce(topic, str(number) if keeps else "aborted", f"room-{number % 5}", number % PARTITIONS)
            writer.commit_transaction(30) if keeps else writer.abort_transaction(30)


def records(brokers: str, topic: str) -> list[Found]:
    spans = spans_of(brokers, Selection((topic,)))
    return sorted((found(one) for batch in read(brokers, spans) for one in batch), key=lambda one: (one.partition, one.offset))


def signed_in(environment: dict[str, str], *permissions: str) -> dict[str, str]:
    file = Path(environment["BOOKLY_API_KEYS"])
    return {**environment, "BOOKLY_API_KEY": new_key(file, f"ann-{permissions[-1]}", permissions)}


def console(environment: dict[str, str], *words: str, code: int = 0) -> Any:
    done = subprocess.run([sys.executable, "-m", "api", *words], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1]) if "--json" in words and done.stdout else done.stderr


def started(environment: dict[str, str], name: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "api", "replay", "run", name, "--json"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wanted(brokers: str, source: str) -> list[tuple[int, bytes | None, bytes | None, str]]:
    return [
        (one.partition, one.key, one.value, str(one.offset))
        for one in records(brokers, source)
        if one.key in {b"room-1", b"room-4"}
    ]


def got(brokers: str, target: str) -> list[tuple[int, bytes | None, bytes | None, str | None]]:
    return [(one.partition, one.key, one.value, one.header("replay.offset")) for one in records(brokers, target)]


def test_what_is_killed_at_any_moment_goes_on_without_a_duplicate_or_a_gap(
    brokers: str, topic: Callable[[int], str], environment: dict[str, str]
) -> None:
    source, target = topic(PARTITIONS), topic(PARTITIONS)
    fill(brokers, source)
    ann = signed_in(environment, "console:look", "console:replay")
    plan = ("replay", "plan", "--topic", source, "--into", target, *BY_ROOM, "--rate", "800", "--why", "a suite", "--json")
    made = console(ann, *plan)
    assert made["matching"] == RECORDS * 2 // 5
    name, dice = made["id"], random.Random(8)
    for killed in range(KILLS):
        running = started(ann, name)
        until = produced_by(brokers, plan_of(brokers, name)) + dice.randint(1, 250)
        try:
            eventually(lambda least=until: produced_by(brokers, plan_of(brokers, name)) >= least, f"run {killed} has begun")  # type: ignore[misc]
            time.sleep(dice.random() / 3)  # anywhere within a transaction
            assert running.poll() is None, "it was still running"
        finally:
            running.kill()
            running.wait()
    done = console(ann, "replay", "run", name, "--json")
    assert (done["state"], done["produced"]) == ("finished", made["matching"])
    assert got(brokers, target) == wanted(brokers, source)


def test_a_second_process_takes_a_run_from_the_first_which_is_fenced(
    brokers: str, topic: Callable[[int], str], environment: dict[str, str]
) -> None:
    source, target = topic(PARTITIONS), topic(PARTITIONS)
    fill(brokers, source)
    ann = signed_in(environment, "console:look", "console:replay")
    plan = ("replay", "plan", "--topic", source, "--into", target, *BY_ROOM, "--rate", "300", "--why", "a suite", "--json")
    name = console(ann, *plan)["id"]
    first = started(ann, name)
    eventually(lambda: produced_by(brokers, plan_of(brokers, name)) > 0, "the first has begun")
    second = started(ann, name)
    try:
        assert first.wait(60) == 2, "it says that another runs it by now"
        assert second.wait(60) == 0
    finally:
        for one in (first, second):
            one.kill()
            one.wait()
    assert got(brokers, target) == wanted(brokers, source)


def test_a_pause_from_another_process_is_heard_and_a_run_goes_on_from_there(
    brokers: str, topic: Callable[[int], str], environment: dict[str, str]
) -> None:
    source, target = topic(PARTITIONS), topic(PARTITIONS)
    fill(brokers, source)
    before = read_reached(brokers, "bookly-availability")
    ann = signed_in(environment, "console:look", "console:replay")
    plan = ("replay", "plan", "--topic", source, "--into", target, *BY_ROOM, "--rate", "400", "--why", "a suite", "--json")
    name = console(ann, *plan)["id"]
    running = started(ann, name)
    try:
        eventually(lambda: produced_by(brokers, plan_of(brokers, name)) > 0, "it has begun")
        console(ann, "replay", "pause", name)
        assert running.wait(10) == 1
    finally:
        running.kill()
        running.wait()
    part = got(brokers, target)
    assert 0 < len(part) < len(wanted(brokers, source))
    assert plan_of(brokers, name).state == "paused"
    console(ann, "replay", "resume", name)
    assert got(brokers, target) == wanted(brokers, source)
    assert "so it cannot be running" in console(ann, "replay", "run", name, code=2)
    assert read_reached(brokers, "bookly-availability") == before

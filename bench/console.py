"""`make bench-console`: what search and replay cost beside bare loops, and whom a replay touches, into build/console.json."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from confluent_kafka import Consumer, Producer, TopicPartition
from rich.console import Console

from agents import changelogs, domains
from api.console import audit, plans
from api.console.acting import Actor
from api.console.decoding import Decoding
from api.console.desk import Desk
from api.console.guards import Caps
from api.console.reading import spans_of
from api.console.roles import ROLES
from api.console.running import Run
from api.console.searching import search
from api.console.selection import Condition, Selection, Where
from api.tables import read_rows
from api.tally import read_reached
from bench.apart import make
from bench.children import addresses, command
from bench.reservations import encoder, fill
from bench.samples import spread
from bookly.registry import Registry
from contracts.broker import provision_broker
from contracts.registry import provision_registry
from demo.barrier import Barrier, Offsets, groups
from stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.console.plans import Plan

HOME, TARGET = Path("build/bench/console"), Path("build/console.json")
EVENTS, FEW, ROOMS, PARTITIONS = 200_000, 5_000, 2_000, 4
TOPIC = "bookly.availability"
PATIENCE_S = 300.0
MINE, OTHER = "resources", "stockpile"
ALL = Selection((TOPIC,))
ONE = Selection((TOPIC,), where=Where(fields=(Condition("resource_id", "eq", "room-7"), Condition("attendees", "ge", "20"))))


def main(
    runs: Annotated[int, typer.Option(min=1, help="of each side; they take turns")] = 5,
    quick: Annotated[bool, typer.Option("--quick", help="a small measure, to see that it works; nothing is written")] = False,
) -> None:
    """Search against a bare consumer, a replay into a topic against a bare copy, and a replay of all that a real group has
    applied beside another one. Exit code 1 when anything was counted twice, anybody else was touched, or the trail breaks.
    """
    events = FEW if quick else EVENTS
    console = Console(stderr=True)
    shutil.rmtree(HOME / ".stack/data", ignore_errors=True)
    HOME.mkdir(parents=True, exist_ok=True)
    with Stack.start(HOME) as stack:
        provision_broker(stack.brokers, changelogs())
        provision_registry(str(stack.registry))
        encoded = encoder(str(stack.registry))
        rooms = [f"room-{number % ROOMS}" for number in range(events)]
        fill(stack.brokers, TOPIC, ((room, encoded(number, room, number / events)) for number, room in enumerate(rooms)))
        registry = Registry(str(stack.registry))
        desk = Desk(stack.brokers, Decoding(registry), Caps(records=10 * EVENTS, rate=1_000_000))
        with console.status("search beside a bare consumer"):
            searched = _ratios(runs, lambda: _searched(desk, events), lambda: _consumed(stack.brokers, events))
        with console.status("a replay into a topic beside a bare copy"):
            copied = _ratios(runs, lambda: _replayed(desk, events), lambda: _copied(stack.brokers, events))
        with console.status("a replay of what was applied, into a real group beside another"):
            touched = _touched(stack, desk)
        count, _, broken = audit.verified(audit.entries(stack.brokers))
        registry.close()
    found = {
        "replayed_events_per_s_ratio_to_raw_copy": copied["ratio"]["median"],
        "search_events_per_s_ratio_to_raw_consume": searched["ratio"]["median"],
        **touched,
        "audit_breaks": int(broken is not None),
        "audit_entries": count,
        "events": events,
        "replay": copied,
        "search": searched,
    }
    if not quick:
        TARGET.parent.mkdir(exist_ok=True)
        TARGET.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    if broken or touched["other_groups_touched"] or touched["double_effects"] or count == 0:
        raise typer.Exit(1)


def _ratios(runs: int, ours: Callable[[], float], theirs: Callable[[], float]) -> dict[str, Any]:
    """Events a second of both, and their ratio in each round; one round before them warms both up."""
    ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(runs)]
    return {
        "ratio": spread([mine / other for mine, other in pairs], 3),
        "events_per_s": round(statistics.median(mine for mine, _ in pairs)),
        "raw_events_per_s": round(statistics.median(other for _, other in pairs)),
    }


def _searched(desk: Desk, events: int) -> float:
    began = time.monotonic()
    found = sum(1 for _ in search(desk.brokers, desk.decoding, ONE, spans_of(desk.brokers, ONE)))
    took = time.monotonic() - began
    if found != len(range(7, events, ROOMS)):
        raise AssertionError(f"{found} found")
    return events / took


def _all_of(brokers: str, events: int, take: Callable[[list[Any]], None]) -> float:
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "bench-console-raw", "enable.auto.commit": False})
    began, seen = time.monotonic(), 0
    consumer.assign([TopicPartition(TOPIC, number, 0) for number in range(PARTITIONS)])
    while seen < events:
        messages = consumer.consume(2_000, 0.1)
        seen += len(messages)
        take(messages)
    took = time.monotonic() - began
    consumer.close()
    return events / took


def _consumed(brokers: str, events: int) -> float:
    return _all_of(brokers, events, lambda messages: [message.value() for message in messages].clear())


def _copied(brokers: str, events: int) -> float:
    """acks=all, nothing fenced, no offset committed: killed, it begins anew."""
    target = _target(brokers)
    producer = Producer({"bootstrap.servers": brokers, "linger.ms": 5, "compression.type": "lz4", "acks": "all"})

    def copy(messages: list[Any]) -> None:
        for message in messages:
            producer.produce(target, message.value(), message.key(), message.partition(), headers=message.headers() or [])
        producer.flush()

    return _all_of(brokers, events, copy)


def _replayed(desk: Desk, events: int) -> float:
    plan = _plan(desk, topic=_target(desk.brokers), group="", matching=events)
    began = time.monotonic()
    run = Run(desk.brokers, plan, desk.decoding)
    run.through()
    took = time.monotonic() - began
    if run.produced != events:
        raise AssertionError(f"{run.produced} replayed")
    return events / took


def _target(brokers: str) -> str:
    name = f"bench.console.{time.time_ns()}"
    make(brokers, {name: {}}, PARTITIONS)
    return name


def _plan(desk: Desk, *, topic: str, group: str, matching: int) -> Plan:
    spans = tuple(spans_of(desk.brokers, ALL))
    plan = plans.planned(ALL, spans, group=group, topic=topic, rate=0, matching=matching, by="bench", why="to measure")
    plans.keep(desk.brokers, plan)
    return plan


def _touched(stack: Stack, desk: Desk) -> dict[str, int]:
    """Rows of the group that differ after all it has applied was replayed to it; other groups whose rows or offsets do."""
    mine = {f"bookly-{name}": groups()[f"bookly-{name}"] for name in (MINE, OTHER)}
    with _workers(stack):
        Barrier(Offsets(stack.brokers), mine, PATIENCE_S).wait(lambda: None)
        before, offsets = _rows(stack.brokers), _offsets(stack.brokers)
        actor = Actor("bench", ROLES["administer"], audit.Trail(stack.brokers))
        plan, _ = desk.plan(actor, ALL, group=MINE, rate=desk.caps.rate, why="to see that it changes nothing")
        desk.run(actor, plan.id)
        deadline = time.monotonic() + PATIENCE_S
        while desk.report(actor, plan.id).left:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{MINE} has not judged all that was replayed after {PATIENCE_S:.0f} s")
            time.sleep(0.1)
        Barrier(Offsets(stack.brokers), mine, PATIENCE_S).wait(lambda: None)
        after, reached = _rows(stack.brokers), _offsets(stack.brokers)
        judged = desk.report(actor, plan.id)
    touched = {name for name in offsets if name != f"bookly-{MINE}" and offsets[name] != reached[name]}
    differ = {place for place in before.keys() | after.keys() if before.get(place) != after.get(place)}
    touched |= {f"bookly-{domain}" for domain, _, _ in differ if domain != MINE}
    return {
        "other_groups_touched": len(touched),
        "double_effects": sum(1 for domain, _, _ in differ if domain == MINE),
        "replayed_to_group": judged.produced,
        "skipped_by_group": judged.effects.get("skipped", 0),
        "rows_compared": len(before),
    }


@contextmanager
def _workers(stack: Stack) -> Iterator[None]:
    with ExitStack() as running:
        for name in (MINE, OTHER):
            log = running.enter_context((HOME / f"{name}.log").open("wb"))
            worker = subprocess.Popen(command("agents", name), env=addresses(stack), stdout=log, stderr=log)
            running.callback(worker.wait)
            running.callback(worker.kill)
        yield


def _rows(brokers: str) -> dict[tuple[str, str, str], Any]:
    found = {}
    for name in (MINE, OTHER):
        for table in domains()[name].tables:
            rows = sorted(read_rows(brokers, name, table.name), key=str)
            found.update({(name, table.name, f"{key} {number}"): row for number, (key, row) in enumerate(rows)})
    return found


def _offsets(brokers: str) -> dict[str, dict[tuple[str, int], int]]:
    reached = {f"bookly-{name}": read_reached(brokers, f"bookly-{name}") for name in domains()}
    return {group: {place: at.offset for place, at in found.items()} for group, found in reached.items()}


if __name__ == "__main__":
    typer.run(main)

"""A copy of the fold with a name and a topic of its own, so that no measure meets the events or the rows of another."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # its __init__ names them

from agents import changelogs_of
from agents.domain import Domain
from bench.fold.domain import FOLD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agents.domain import Handler
    from agents.state import State

PATIENCE_S = 30.0
COMPACT: Final = {"cleanup.policy": "compact"}
KEPT: Final = {"retention.ms": "-1"}  # event times lie in the past: the broker would delete the log under the measure


@dataclass(frozen=True)
class Apart(Domain):
    """A domain that reads one topic of its own instead of the catalogue's."""

    topic: str = ""

    @property
    def topics(self) -> tuple[str, ...]:
        return (self.topic,)


def fold_of(name: str, topic: str) -> Apart:
    """The fold as the consumer group bookly-<name>, over `topic`."""
    state: type[State] = FOLD.state
    handlers: dict[type, tuple[Handler, ...]] = dict(FOLD.handlers)
    return Apart(name, state, handlers, topic=topic)


def make_topics(brokers: str, domain: Apart, partitions: int) -> None:
    """The topic of a copy, and those that the engine keeps for every group."""
    changelogs = [name for name, _, _ in changelogs_of(domain, partitions)]
    others = (domain.topic, domain.dead_letters, domain.control, domain.replay)
    make(brokers, {**dict.fromkeys(others, KEPT), **dict.fromkeys(changelogs, COMPACT)}, partitions)


def make(brokers: str, wanted: Mapping[str, dict[str, str]], partitions: int) -> None:
    """Topics by name with their configuration, where they are missing. Returns when the broker shows them."""
    admin = AdminClient({"bootstrap.servers": brokers})
    missing = wanted.keys() - admin.list_topics(timeout=PATIENCE_S).topics.keys()
    made = admin.create_topics([NewTopic(name, partitions, 1, config=wanted[name]) for name in missing]) if missing else {}
    for future in made.values():
        future.result(PATIENCE_S)
    deadline = time.monotonic() + PATIENCE_S
    while any(len(admin.list_topics(name, timeout=PATIENCE_S).topics[name].partitions) != partitions for name in wanted):
        if time.monotonic() > deadline:
            raise KafkaException(f"the broker does not show {sorted(wanted)} with {partitions} partitions: delete what is older")
        time.sleep(0.05)

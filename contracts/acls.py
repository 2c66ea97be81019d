"""Who may do what on the broker: one principal a service, and no right that its topics' writers and readers do not call for.

Pure: bindings from the contracts. A broker that denies by default allows these and nothing else (see granting.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from contracts.topics import DOMAINS, load_topics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from contracts.topics import Topic

PRINCIPALS: Final = (*DOMAINS, "api", "console", "provisioning")
CLUSTER: Final = "kafka-cluster"
# What the edge reads beside the topics that name it as a reader: notifications and live demand, for its web sockets.
LIVE: Final = ("bookly.availability", "bookly-reports-demand-changelog")
AUDIT, REPLAYS = "bookly.console.audit", "bookly.console.replays"


class Binding(NamedTuple):
    """A right. `kind`: topic, group, transactional_id or broker. `prefixed`: of all names that begin so."""

    principal: str
    kind: str
    name: str
    operation: str
    prefixed: bool = False


def bindings(changelogs: Iterable[str]) -> frozenset[Binding]:
    """Every right that there is. `changelogs`: the names of the topics that keep tables.

    READ and WRITE bring DESCRIBE with them. Writing a transaction needs its id, and no right on the cluster.
    """
    topics, kept = load_topics(), tuple(changelogs)
    found = set[Binding]()
    for topic in topics:
        found.update(_worker(topic.domain, topics, [name for name in kept if name.startswith(f"bookly-{topic.domain}-")]))
    found.update(_edge(topics))
    found.update(_console(topics, kept))
    found.update(_provisioning())
    return frozenset(found)


def _worker(domain: str, topics: tuple[Topic, ...], changelogs: Iterable[str]) -> Iterator[Binding]:
    """It reads its inputs and tables, and writes events, tables and dead letters: all in transactions of its own ids."""
    own = next(topic for topic in topics if topic.domain == domain)
    for topic in topics:
        if domain in topic.readers:
            yield Binding(domain, "topic", topic.name, "READ")
        if domain in topic.writers:
            yield Binding(domain, "topic", topic.name, "WRITE")
    for name in (own.control, own.replay):
        yield Binding(domain, "topic", name, "READ")
    yield Binding(domain, "topic", own.dead_letters, "WRITE")
    for name in changelogs:
        yield Binding(domain, "topic", name, "READ")
        yield Binding(domain, "topic", name, "WRITE")
    yield Binding(domain, "group", f"bookly-{domain}", "READ")
    yield Binding(domain, "group", "bookly-rebuild", "READ")  # nothing is committed under it
    yield Binding(domain, "transactional_id", f"bookly-{domain}-", "WRITE", prefixed=True)


def _edge(topics: tuple[Topic, ...]) -> Iterator[Binding]:
    """It writes commands, reads what it shows live, and looks who owns a partition: in the group, by the control topic."""
    for topic in topics:
        if "api" in topic.writers:
            yield Binding("api", "topic", topic.name, "WRITE")
        if "api" in topic.readers:
            yield Binding("api", "topic", topic.name, "READ")
        yield Binding("api", "topic", topic.control, "DESCRIBE")
        yield Binding("api", "group", f"bookly-{topic.domain}", "DESCRIBE")
    for name in LIVE:
        yield Binding("api", "topic", name, "READ")
    for group in ("bookly-api-live", "bookly-reader"):
        yield Binding("api", "group", group, "READ")


def _console(topics: tuple[Topic, ...], changelogs: Iterable[str]) -> Iterator[Binding]:
    """It reads everything, gives groups commands and records, sets their offsets, and keeps its trail. It writes no event."""
    for topic in topics:
        for name in (topic.name, topic.dead_letters, topic.control, topic.replay):
            yield Binding("console", "topic", name, "READ")
        for name in (topic.control, topic.replay):
            yield Binding("console", "topic", name, "WRITE")
        yield Binding("console", "group", f"bookly-{topic.domain}", "READ")
    for name in (*changelogs, AUDIT, REPLAYS):
        yield Binding("console", "topic", name, "READ")
    for name in (AUDIT, REPLAYS):
        yield Binding("console", "topic", name, "WRITE")
    yield Binding("console", "group", "bookly-reader", "READ")
    for kind, operation in (("group", "READ"), ("transactional_id", "WRITE")):
        yield Binding("console", kind, "bookly-console-", operation, prefixed=True)


def _provisioning() -> Iterator[Binding]:
    """It makes topics and their settings, and gives rights: who may do that could give itself any. It reads and writes none."""
    for operation in ("CREATE", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"):
        for prefix in ("bookly.", "bookly-"):
            yield Binding("provisioning", "topic", prefix, operation, prefixed=True)
    for operation in ("DESCRIBE", "ALTER"):
        yield Binding("provisioning", "broker", CLUSTER, operation)

"""agents/<domain>/EVENT_BUS.md and docs/events.md: what each domain publishes and reacts to; the same as data for the console."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bookly.cache.tags import Entity
from bookly.cache.types import CacheType
from contracts.asyncapi import render_asyncapi
from contracts.dashboards import render_dashboards
from contracts.examples import read_example
from contracts.fields import REQUIRED, fields_of
from contracts.metrics_page import render_metrics
from contracts.rendering import FIRST_LINE
from contracts.schemas import ROOT
from contracts.topics import DOMAINS, load_topics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from agents.domain import Subscription
    from bookly.cache.stale import Stale
    from contracts.fields import Field
    from contracts.topics import Event, Topic


CACHING = Path("docs/caching.md")  # written by hand, but for the tables of what is declared


@dataclass(frozen=True)
class Reactions:
    """What the agents do, as documents need it. `named`, `timers` (kind, rule and reason): by domain; `stale`: (domain, event's
    name) to what is made stale.
    """

    subscriptions: tuple[Subscription, ...]
    named: Mapping[str, tuple[str, ...]]
    stale: Mapping[tuple[str, str], tuple[str, ...]]
    timers: Mapping[str, tuple[tuple[str, str, str], ...]] = field(default_factory=dict)

    @classmethod
    def declared(cls) -> Reactions:
        """As the agents and the caches declare it."""
        from agents import NAMED, domains, subscriptions  # noqa: PLC0415  # they need the generated code, which may have to be made first
        from bookly.cache.stale import STALE  # noqa: PLC0415

        stale = {(domain, event.name): tuple(map(_made_stale, found)) for (domain, event), found in STALE.items()}
        return cls(subscriptions(), NAMED, stale, {name: domain.reasons_of_timers() for name, domain in domains().items()})

    def of_event(self, event: Event) -> Iterator[tuple[str, Subscription]]:
        """(domain, subscription) of each handler that an event has."""
        for subscription in self.subscriptions:
            if subscription.event_type == event.type:
                yield subscription.group.removeprefix("bookly-"), subscription


def render_documents(reactions: Reactions, root: Path = ROOT) -> dict[Path, str]:
    """Every generated document by its path below the root."""
    from bookly.cache.documents import insert  # noqa: PLC0415  # as above

    topics = load_topics(root)
    files = {Path(f"agents/{topic.domain}/EVENT_BUS.md"): bus(topic, topics, reactions, root) for topic in topics}
    return {
        **files,
        Path("docs/events.md"): overview(topics, reactions),
        CACHING: insert((root / CACHING).read_text(encoding="utf-8")),
        Path("docs/asyncapi.yaml"): render_asyncapi(topics, reactions, root),
        Path("api/console/reactions.json"): reacting(topics, reactions),
        **render_dashboards(root),
        **render_metrics(root),
    }


def reacting(topics: Iterable[Topic], reactions: Reactions) -> str:
    """Which handlers of which group an event has, by its name: what the edge shows and may not ask the agents."""
    found: dict[str, dict[str, list[str]]] = {}
    for event in (event for topic in topics for event in topic.events):
        groups: dict[str, list[str]] = {}
        for group, subscription in reactions.of_event(event):
            groups.setdefault(group, []).append(subscription.handler)
        found[event.name] = groups
    return json.dumps(found, indent=1) + "\n"


def bus(topic: Topic, topics: Iterable[Topic], reactions: Reactions, root: Path) -> str:
    """One domain's document."""
    handled = [
        (event, s)
        for other in topics
        for event in other.events
        for group, s in reactions.of_event(event)
        if group == topic.domain
    ]
    read = [f"`{other.name}`" for other in topics if topic.domain in other.readers]
    facts = [
        ("topic", f"`{topic.name}`, {topic.partitions} partitions, keyed by `{topic.key}`, kept {topic.retention_days} days"),
        ("written by", ", ".join(topic.writers)),
        ("a record", "Avro behind its schema's id, nine headers: [AsyncAPI](../../docs/asyncapi.yaml)"),
        ("read by", ", ".join(map(_reader, topic.readers))),
        ("consumer group", f"`bookly-{topic.domain}`, reads {', '.join(read)}"),
        ("dead letters of this group", f"`{topic.dead_letters}`"),
        ("commands to this group", f"`{topic.control}`"),
        ("records replayed to this group", f"`{topic.replay}`"),
    ]
    lines = [*_head(f"Event bus of {topic.domain}"), *table(("", ""), facts)]
    lines += [
        "",
        f"## Publishes ({len(topic.events)})",
        "",
        *table(("event", "routing key", "key", "version", "fact"), map(_line, topic.events)),
    ]
    lines += ["", f"## Subscribes to ({len(handled)})", ""]
    columns = ("event", "handler", "what it does", "makes stale")
    lines += table(columns, [_reaction(event, s, topic.domain, reactions) for event, s in handled])
    if timers := reactions.timers.get(topic.domain):
        rows = [(f"`{kind}`", f"`{rule}`", reason) for kind, rule, reason in timers]
        lines += ["", f"## Runs out by itself ({len(timers)})", "", *table(("timer", "rule", "what it does"), rows)]
    for event in topic.events:
        lines += ["", *_event(event, reactions, root)]
    return "\n".join([*lines, ""])


def overview(topics: Iterable[Topic], reactions: Reactions) -> str:
    """All events, who publishes and who handles them, and the counts."""
    events = [event for topic in topics for event in topic.events]
    named = {(group, name) for group, names in reactions.named.items() for name in names}
    found = {(s.group.removeprefix("bookly-"), s.handler) for s in reactions.subscriptions}
    counts = (
        f"{len(events)} events on {len({event.topic for event in events})} topics, {len(found)} handlers "
        f"({len(named & found)} of them named by the catalogue), {len(reactions.subscriptions)} subscriptions."
    )
    rows = []
    for event in events:
        handlers = "<br>".join(f"{group}: `{s.handler}`" for group, s in reactions.of_event(event))
        link = f"[{event.name}](../agents/{event.domain}/EVENT_BUS.md#{event.stem})"
        rows.append((link, f"`{event.type}`", f"`{event.key_field}`", str(event.version), handlers or "nobody"))
    return "\n".join(
        [*_head("All events"), counts, "", *table(("event", "routing key", "key", "version", "handled by"), rows), ""]
    )


def table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """A table in Markdown; a cell's own bars are kept from ending it."""
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    return lines + [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]


def _reader(party: str) -> str:
    return f"the group `bookly-{party}`" if party in DOMAINS else f"{party}, without a group"


def _head(title: str) -> list[str]:
    return [f"<!-- {FIRST_LINE} -->", f"# {title}", ""]


def _line(event: Event) -> tuple[str, ...]:
    return f"[{event.name}](#{event.stem})", f"`{event.type}`", f"`{event.key_field}`", str(event.version), event.schema["doc"]


def _reaction(event: Event, subscription: Subscription, domain: str, reactions: Reactions) -> tuple[str, ...]:
    handler = (
        f"**`{subscription.handler}`**"
        if subscription.handler in reactions.named.get(domain, ())
        else f"`{subscription.handler}`"
    )
    doc = " ".join(subscription.doc.split())
    return f"`{event.type}`", handler, doc, "<br>".join(reactions.stale.get((domain, event.name), ()))


def _event(event: Event, reactions: Reactions, root: Path) -> list[str]:
    example = read_example(event, root)
    handlers = ", ".join(f"`{s.handler}` ({group})" for group, s in reactions.of_event(event)) or "nobody"
    return [
        f"### {event.name}",
        "",
        f"{event.schema['doc']} Subject `{event.subject}`, version {event.version}. Handled by {handlers}.",
        "",
        *table(("field", "type", "default", "personal", "meaning"), map(_field, fields_of(event.schema))),
        "",
        "```json",
        json.dumps(example, indent=2, ensure_ascii=False),
        "```",
    ]


def _made_stale(stale: Stale) -> str:
    """The cache type, the entity or the service, and how far it goes."""
    match stale.target:
        case str() as service:
            return f"{service} ({stale.reach})"
        case CacheType(name=name):
            return f"{name} ({stale.reach})"
        case Entity(service=service, kind=kind):
            return f"{service}:{kind} ({stale.reach})"


def _field(field: Field) -> tuple[str, ...]:
    default = "" if field.default is REQUIRED else f"`{json.dumps(field.default)}`"
    return f"`{field.name}`", field.avro, default, "yes" if field.pii else "", field.doc

"""What the log holds, counted without a look into it: the schema of each record says what it is."""

from __future__ import annotations

import struct
from collections import Counter

from agents import NAMES, domains
from api.tables import read_log
from bookly.catalog import EVENTS
from bookly.registry import Registry

WIRE = struct.Struct(">bI")  # magic byte and schema id


def inputs_of(name: str) -> tuple[str, ...]:
    """The topics that a group reads, those of operators aside."""
    return domains()[name].topics


def logged(brokers: str, registry_url: str) -> tuple[Counter[str], Counter[str]]:
    """Committed records of all input topics, by topic and by event type. Raises BrokerUnavailable, RegistryUnavailable."""
    registry = Registry(registry_url)
    types = {registry.schema_id(event_type): event_type.value for event_type in EVENTS}
    registry.close()
    seen: Counter[tuple[str, int]] = Counter()
    for message in read_log(brokers, *sorted({topic for name in NAMES for topic in inputs_of(name)})):
        seen[message.topic() or "", WIRE.unpack_from(message.value() or b"")[1]] += 1
    by_topic: Counter[str] = Counter()
    by_type: Counter[str] = Counter()
    for (topic, schema_id), count in seen.items():
        by_topic[topic] += count
        by_type[types[schema_id]] += count
    return by_topic, by_type

"""Where each fact flows: one topic and one line an event, and each rule seen to refuse what breaks it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
import yaml

from contracts.schemas import ROOT
from contracts.topics import DOMAINS, PARTIES, Event, Topic, load_events, load_topics
from tests.contracts.mutations import refusal, replace_text

if TYPE_CHECKING:
    from pathlib import Path

EVERY = pytest.mark.parametrize("event", load_events(), ids=lambda event: event.name)
EVERY_TOPIC = pytest.mark.parametrize("topic", load_topics(), ids=lambda topic: topic.name)
KEYED_OTHERWISE = {
    "PERMISSIONS_CHANGED": "role",
    "CATEGORY_CREATED": "category_id",
    "CATEGORY_UPDATED": "category_id",
    "REPORT_GENERATED": "report_id",
}
READERS = {
    "auth": {"auth", "availability", "stockpile", "reports"},
    "resources": {"resources", "availability", "reports"},
    "availability": {"resources", "availability", "stockpile", "reports"},
    "stockpile": {"stockpile", "availability", "resources", "reports"},
    "reports": {"api"},
}
AUTH, AVAILABILITY = "topics/auth.yaml", "topics/availability.yaml"


def test_each_domain_has_its_topic_and_no_file_lies_beside() -> None:
    assert {path.name for path in (ROOT / "topics").iterdir()} == {f"{domain}.yaml" for domain in DOMAINS}, (
        "one file a domain in topics/"
    )


def test_every_schema_is_on_exactly_one_topic() -> None:
    lines = Counter(
        (path.stem, name.lower())
        for path in (ROOT / "topics").glob("*.yaml")
        for name in yaml.safe_load(path.read_text(encoding="utf-8"))["events"]
    )
    files = [(path.parent.name, path.stem) for domain in DOMAINS for path in (ROOT / "schemas" / domain).glob("*.avsc")]
    assert lines == Counter(files), "give each schema its one line in topics/<its domain>.yaml"


def test_no_two_events_share_a_routing_key_or_a_subject() -> None:
    events = load_events()
    assert len({event.type for event in events}) == len({event.subject for event in events}) == len(events), "choose another"


@EVERY
def test_an_event_is_keyed_as_its_topic_unless_it_is_named_here(event: Event) -> None:
    (topic,) = (topic for topic in load_topics() if topic.domain == event.domain)
    assert event.key_field == KEYED_OTHERWISE.get(event.name, topic.key), "order is kept by key: say the exception here, too"


@EVERY
def test_the_key_is_a_string_that_every_version_has(event: Event) -> None:
    for version, schema in event.history.items():
        types = {field["name"]: field["type"] for field in schema["fields"]}
        assert types[event.key_field] == "string", f"version {version} of {event.name} has no key"


def test_topics_keyed_by_resource_have_equal_partitions_for_their_tables_meet() -> None:
    partitions = {topic.partitions for topic in load_topics() if topic.key == "resource_id"}
    assert len(partitions) == 1, f"make them equal in topics/*.yaml: {partitions}"


@EVERY_TOPIC
def test_writers_and_readers_are_those_of_the_catalogue(topic: Topic) -> None:
    assert set(topic.readers) == READERS[topic.domain], f"mend the readers in topics/{topic.domain}.yaml, or READERS here"
    assert topic.domain in topic.writers, f"{topic.domain} owns {topic.name} and does not write it"
    assert {*topic.writers, *topic.readers} <= PARTIES
    for parties in (topic.writers, topic.readers):
        assert len(set(parties)) == len(parties), f"{topic.name} names one twice"


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (AVAILABILITY, "partitions: 4", "partitions: 4\npartition: 8", "missing or unknown: partition"),
        (AVAILABILITY, "retention_days: 400\n", "", "missing or unknown: retention_days"),
        (AVAILABILITY, "partitions: 4", "partitions: 8", "keyed by resource_id as well, 4; make them equal"),
        (AVAILABILITY, "partitions: 4", "partitions: four", "partitions is a whole number from 1, not 'four'"),
        (AVAILABILITY, "partitions: 4", "partitions: true", "partitions is a whole number from 1, not True"),
        (AVAILABILITY, "days: 400", "days: 0", "retention_days is a whole number from 1, not 0"),
        (AVAILABILITY, "topic: bookly.availability", "topic: bookly.avail", "topic is bookly.availability, not 'bookly.avail'"),
        (AVAILABILITY, "availability.dead", "stockpile.dead", "dead_letters is bookly.availability.dead"),
        (AVAILABILITY, "stockpile, reports]", "stockpile, report]", "'report' is nobody"),
        (AVAILABILITY, "[availability, api]", "[availability, web]", "'web' is nobody"),
        (AVAILABILITY, "[availability, api]", "availability", "writers is a list"),
        (AVAILABILITY, "key: resource_id", "key: room_id", "keyed by 'room_id', which is no string field"),
        (AVAILABILITY, "key: resource_id", "key: starts_at", "keyed by 'starts_at', which is no string field"),
        (AVAILABILITY, "  WAITLIST_JOINED: ", "  RESERVATION_CREATED: ", "'RESERVATION_CREATED' stands twice"),
        (
            AVAILABILITY,
            "  WAITLIST_JOINED: availability.waitlist.joined\n",
            "",
            "schemas/availability/waitlist_joined.avsc is on no",
        ),
        (AVAILABILITY, "  WAITLIST_JOINED: ", "  WAITLIST_LEFT: ", "WAITLIST_LEFT has no schema"),
        (AVAILABILITY, "  WAITLIST_JOINED: ", "  waitlist_joined: ", "'waitlist_joined' is no name of an event"),
        (AVAILABILITY, "availability.waitlist.joined", "availability.reservation.created", "RESERVATION_CREATED's routing key"),
        (AVAILABILITY, "availability.waitlist.joined", "auth.waitlist.joined", "it is availability.<entity>.<action>"),
        (AVAILABILITY, "availability.waitlist.joined", "availability.joined", "it is availability.<entity>.<action>"),
        (AUTH, "key: role}", "key: role, keys: role}", "PERMISSIONS_CHANGED is a routing key, or"),
        (AUTH, ", key: role}", "}", "PERMISSIONS_CHANGED is a routing key, or"),
        (AUTH, "key: role}", "key: roles}", "keyed by 'roles', which is no string field"),
        (AUTH, "events:", "events: [", "this is no YAML"),
    ],
)
def test_a_slip_in_a_topic_is_refused_in_a_sentence(contracts: Path, file: str, old: str, new: str, told: str) -> None:
    replace_text(contracts / file, old, new)
    assert told in refusal(contracts)


@pytest.mark.parametrize("text", ["", "- topic", "topic"])
def test_a_file_that_holds_no_topic_is_refused(contracts: Path, text: str) -> None:
    (contracts / AUTH).write_text(text, encoding="utf-8")
    assert f"{AUTH}: the file must hold names with values" in refusal(contracts)


def test_a_topic_that_is_gone_is_missed(contracts: Path) -> None:
    (contracts / AUTH).unlink()
    assert f"{AUTH} is missing" in refusal(contracts)

"""What each service may do is what the topics' writers and readers call for, and nothing beside."""

from __future__ import annotations

import pytest

from agents import changelogs, domains
from contracts.acls import LIVE, PRINCIPALS, Binding, bindings
from contracts.broker import wanted_topics
from contracts.topics import DOMAINS, load_topics

KEPT = [name for name, _, _ in changelogs()]
RIGHTS = bindings(KEPT)


def topics_of(principal: str, operation: str) -> set[str]:
    return {one.name for one in RIGHTS if (one.principal, one.kind, one.operation) == (principal, "topic", operation)}


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_worker_reads_what_it_consumes_and_keeps_and_nothing_else(domain: str) -> None:
    named = {topic.name for topic in load_topics() if domain in topic.readers}
    own = {name for name in KEPT if name.startswith(f"bookly-{domain}-")}
    assert topics_of(domain, "READ") == {*named, f"bookly.{domain}.control", f"bookly.{domain}.replay", *own}
    assert set(domains()[domain].inputs) <= topics_of(domain, "READ")


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_worker_writes_its_events_tables_and_dead_letters_and_nothing_else(domain: str) -> None:
    named = {topic.name for topic in load_topics() if domain in topic.writers}
    own = {name for name in KEPT if name.startswith(f"bookly-{domain}-")}
    assert topics_of(domain, "WRITE") == {*named, f"bookly.{domain}.dead", *own}


def test_the_edge_writes_what_names_it_as_a_writer_and_no_table() -> None:
    assert topics_of("api", "WRITE") == {topic.name for topic in load_topics() if "api" in topic.writers}
    assert topics_of("api", "READ") == {*(topic.name for topic in load_topics() if "api" in topic.readers), *LIVE}


def test_the_console_writes_no_event_no_table_and_no_dead_letter() -> None:
    assert topics_of("console", "WRITE") == {
        *(f"bookly.{domain}.{what}" for domain in DOMAINS for what in ("control", "replay")),
        "bookly.console.audit",
        "bookly.console.replays",
    }


def test_provisioning_reads_and_writes_no_record() -> None:
    assert not topics_of("provisioning", "READ") | topics_of("provisioning", "WRITE")


def test_a_transactional_id_is_one_principals_alone() -> None:
    owned = [(one.name, one.principal) for one in RIGHTS if one.kind == "transactional_id"]
    assert len(owned) == len(DOMAINS) + 1
    assert all(one == other or not one[0].startswith(other[0]) for one in owned for other in owned)


def test_who_commits_for_a_group_is_its_worker_and_the_console() -> None:
    for domain in DOMAINS:
        may = {one.principal for one in RIGHTS if one[1:4] == ("group", f"bookly-{domain}", "READ")}
        assert may == {domain, "console"}


def test_the_cluster_is_provisionings_and_no_right_is_everybodys_or_for_everything() -> None:
    assert {one.principal for one in RIGHTS if one.kind == "broker"} == {"provisioning"}
    assert {one.principal for one in RIGHTS} == set(PRINCIPALS)
    assert not any(one.name == "*" or one.operation == "ALL" for one in RIGHTS)


def test_every_topic_that_is_provisioned_has_a_reader_and_a_writer() -> None:
    for name, _, _ in wanted_topics(changelogs()):
        for operation in ("READ", "WRITE"):
            assert any(one.name == name and one.operation == operation for one in RIGHTS), (operation, name)


def test_a_right_of_a_table_goes_with_the_table() -> None:
    gone = KEPT[0]
    left = bindings(KEPT[1:])
    assert {one.name for one in RIGHTS - left} == {gone}
    assert not any(isinstance(one, Binding) and one.name == gone for one in left)

"""What the five groups react to, held against the catalogue of events and the topics."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents import NAMED, PARTITIONS, changelogs, domains, subscriptions
from bookly.catalog import EVENTS

ROOT = Path(__file__).parents[3]
DOMAINS = ("auth", "resources", "availability", "stockpile", "reports")

# Events that no group handles, each with its reason. An event that is missing here must have a handler.
UNHANDLED = {
    "NOTIFICATION_REQUESTED": "it is for whoever sends mail, outside of the five groups",
    "DEMAND_WINDOW_CLOSED": "planners and the edge read it; no handler emits it yet",
    "DEMAND_PEAK_DETECTED": "the edge alerts on it; no handler emits it yet",
    "REPORT_GENERATED": "the edge shows it; no handler emits it yet",
}
# The catalogue's named handlers with the events that it gives them. An end in * is every event that begins so.
CATALOGUE = {
    ("resources", "count_reservation"): ["RESERVATION_CREATED"],
    ("resources", "release_usage"): ["RESERVATION_CANCELLED"],
    ("resources", "record_check_out"): ["CHECK_OUT_COMPLETED"],
    ("availability", "confirm_reservation"): ["APPROVAL_GRANTED"],
    ("availability", "reject_reservation"): ["APPROVAL_REJECTED"],
    ("availability", "block_calendar"): ["MAINTENANCE_SCHEDULED"],
    ("availability", "update_booking_permissions"): ["ROLE_ASSIGNED"],
    ("availability", "sync_resource"): ["RESOURCE_UPDATED"],
    ("availability", "cancel_future_reservations"): ["RESOURCE_DELETED"],
    ("stockpile", "open_approval"): ["RESERVATION_CREATED"],
    ("stockpile", "close_approval"): ["RESERVATION_CANCELLED"],
    ("stockpile", "grant_approval_permissions"): ["ROLE_ASSIGNED"],
    ("stockpile", "revoke_approval_permissions"): ["ROLE_REVOKED"],
    ("reports", "record_demand"): ["RESERVATION_*", "WAITLIST_*", "SCHEDULE_CONFLICT_DETECTED"],
    ("reports", "record_usage"): ["CHECK_*", "APPROVAL_*", "RESERVATION_NO_SHOW"],
    ("reports", "record_maintenance"): [
        "MAINTENANCE_*",
        "RESOURCE_*",
        "CATEGORY_*",
        "SCHEDULE_BLOCKED",
        "SCHEDULE_UNBLOCKED",
    ],
    ("reports", "record_audit"): [spec.name for spec in EVENTS.values() if spec.domain == "auth"],
}


def heard_by(domain: str, handler: str) -> set[str]:
    group = domains()[domain].group
    return {sub.event_type.name for sub in subscriptions() if (sub.group, sub.handler) == (group, handler)}


def meant(patterns: list[str]) -> set[str]:
    names = {spec.name for spec in EVENTS.values()}
    found = {
        name
        for pattern in patterns
        for name in names
        if name == pattern or (pattern[-1] == "*" and name.startswith(pattern[:-1]))
    }
    assert found, patterns
    return found


def topics() -> dict[str, Any]:
    return {path.stem: yaml.safe_load(path.read_text()) for path in sorted((ROOT / "topics").glob("*.yaml"))}


def test_there_are_five_groups_in_the_order_of_the_documents() -> None:
    assert tuple(domains()) == DOMAINS
    assert [domain.name for domain in domains().values()] == list(DOMAINS)


def test_the_names_of_the_catalogue_are_kept() -> None:
    assert {(domain, handler) for domain, handlers in NAMED.items() for handler in handlers} == set(CATALOGUE)
    assert len(CATALOGUE) == 17


@pytest.mark.parametrize(("domain", "handler"), list(CATALOGUE))
def test_a_named_handler_reacts_to_what_the_catalogue_says(domain: str, handler: str) -> None:
    expected, heard = meant(CATALOGUE[domain, handler]), heard_by(domain, handler)
    assert expected <= heard
    assert domain != "reports" or expected == heard


def test_every_event_has_a_handler_or_a_reason() -> None:
    handled = {subscription.event_type.name for subscription in subscriptions()}
    assert {spec.name for spec in EVENTS.values()} - handled == set(UNHANDLED)


def test_there_are_at_least_the_43_subscriptions_of_the_earlier_design() -> None:
    named = Counter(sub.handler for sub in subscriptions())
    assert all(named[handler] >= 1 for domain, handlers in NAMED.items() for handler in handlers if domain != "reports")
    of_reports = sum(sub.group == "bookly-reports" for sub in subscriptions())
    assert of_reports >= 30
    assert 13 + of_reports >= 43


def test_a_group_reads_exactly_the_topics_that_name_it_as_a_reader() -> None:
    readers = {domain: sorted(topic["topic"] for topic in topics().values() if domain in topic["readers"]) for domain in DOMAINS}
    assert readers == {name: list(domain.topics) for name, domain in domains().items()}


def test_topics_have_the_partitions_that_the_agents_reckon_with() -> None:
    assert {topic["partitions"] for topic in topics().values()} == {PARTITIONS}


def test_every_handler_says_in_a_sentence_why_it_is_there() -> None:
    silent = {sub.handler for sub in subscriptions() if len(sub.doc.split()) < 3 or sub.doc[-1] != "."}
    assert silent == set()


def test_every_timer_says_in_a_sentence_what_it_does() -> None:
    found = {(name, kind): reason for name, domain in domains().items() for kind, _, reason in domain.reasons_of_timers()}
    assert found.keys() == {("availability", "no_show"), ("availability", "offer"), ("stockpile", "deadline")}
    assert all(len(reason.split()) >= 3 and reason[-1] == "." for reason in found.values())


def test_every_table_and_what_waits_in_each_domain_has_a_compacted_changelog_of_its_own() -> None:
    names = [name for name, _, _ in changelogs()]
    assert len(set(names)) == len(names) == sum(len(domain.tables) + 2 for domain in domains().values())
    assert {"bookly-availability-parked-changelog", "bookly-availability-given_up-changelog"} <= set(names)
    assert "bookly-availability-calendars-changelog" in names
    assert all((partitions, config["cleanup.policy"]) == (PARTITIONS, "compact") for _, partitions, config in changelogs())

"""The map from events to what they make stale: complete, as the catalogue has it, and right about what events name."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from bookly.cache.stale import STALE, UNAFFECTED, Reach, Span, Stale
from bookly.cache.staling import services_of, stale_tags
from bookly.cache.tags import Entity
from bookly.cache.types import TYPES
from bookly.catalog import EVENTS
from bookly.events import EventType
from bookly.records import ENCODERS
from tests.unit import facts
from tests.unit.clock import hour

ROOT = Path(__file__).resolve().parents[3]
CLASSES: dict[str, Any] = {record.TYPE: record for record in ENCODERS}
GROUPS = tuple(UNAFFECTED)

CATALOGUE = {  # the eleven handlers that invalidate, and what the catalogue and the flows say of each
    ("resources", "RESERVATION_CREATED"): {"resource", "resource_status", "lists"},
    ("resources", "RESERVATION_CANCELLED"): {"resource", "resource_status", "lists"},
    ("resources", "CHECK_OUT_COMPLETED"): {"resource", "resource_status", "usage"},
    ("availability", "APPROVAL_GRANTED"): {"reservation", "availability"},
    ("availability", "APPROVAL_REJECTED"): {"reservation", "availability", "waitlist"},
    ("availability", "MAINTENANCE_SCHEDULED"): {"availability", "schedule"},
    ("availability", "ROLE_ASSIGNED"): {"user_permissions"},
    ("availability", "RESOURCE_UPDATED"): {"availability", "schedule"},
    ("availability", "RESOURCE_DELETED"): {each.name for each in TYPES.values() if each.service == "avail"},
    ("stockpile", "ROLE_ASSIGNED"): {"permissions", "roles"},
    ("stockpile", "ROLE_REVOKED"): {"permissions", "roles"},
}


def reached(stale: Stale) -> set[str]:
    """The types that it can make stale, and the kind of entity."""
    if isinstance(stale.target, str):
        return {each.name for each in TYPES.values() if each.service == stale.target}
    if isinstance(stale.target, Entity):
        return {stale.target.kind} | {each.name for each in TYPES.values() if stale.target in (*each.carries, *each.shows)}
    return {stale.target.name}


def events_that(group: str) -> set[EventType]:
    """Every event on the topics that a group reads."""
    topics = [yaml.safe_load(path.read_text()) for path in (ROOT / "topics").glob("*.yaml")]
    read = {topic["topic"] for topic in topics if group in topic["readers"]}
    return {spec.type for spec in EVENTS.values() if spec.topic in read}


def handled_by(group: str) -> set[EventType]:
    return {EventType(event.TYPE) for event in import_module(f"agents.{group}").DOMAIN.handlers}


def test_the_eleven_handlers_of_the_catalogue_make_stale_what_it_says() -> None:
    assert len(CATALOGUE) == 11
    for (group, name), listed in CATALOGUE.items():
        found = set[str]().union(*(reached(stale) for stale in STALE[group, EventType[name]]))
        assert listed <= found, f"{group} on {name} leaves {listed - found}"


@pytest.mark.parametrize("group", GROUPS)
def test_every_event_that_a_group_reads_makes_something_stale_or_is_listed_with_its_reason(group: str) -> None:
    mapped = [event for owner, event in STALE if owner == group]
    listed = [event for events in UNAFFECTED[group].values() for event in events]
    assert sorted([*mapped, *listed]) == sorted(events_that(group)), "an event is missing, listed twice, or not read by the group"


@pytest.mark.parametrize("group", ["auth", "resources", "availability"])
def test_an_event_that_changes_rows_behind_a_cache_makes_something_stale(group: str) -> None:
    assert handled_by(group) <= {event for owner, event in STALE if owner == group}


def test_only_groups_that_handle_an_event_or_gather_late_make_anything_stale_with_it() -> None:
    echoes = {("availability", EventType.RESERVATION_CONFIRMED), ("availability", EventType.RESERVATION_REJECTED)}
    assert {(group, event) for group, event in STALE if event not in handled_by(group)} == echoes


def test_every_field_that_the_map_reads_is_a_field_of_the_event() -> None:
    for (_, event), found in STALE.items():
        fields = set(CLASSES[event.value].FIELDS)
        for stale in found:
            spans = {"starts_at", "ends_at"} if any(isinstance(field, Span) for field in stale.fields) else set()
            plain = {field for field in stale.fields if not isinstance(field, Span)}
            assert plain | spans | ({stale.when} - {None}) <= fields, f"{event.name}: {stale}"


def test_a_granular_entry_is_named_by_all_parts_of_its_key() -> None:
    for found in STALE.values():
        for stale in found:
            if stale.reach is Reach.GRANULAR:
                assert not isinstance(stale.target, str | Entity)
                assert len(stale.fields) == len(stale.target.parts)


def test_types_without_a_place_in_the_map_live_by_their_own_operations() -> None:
    named = set[str]().union(
        *(reached(stale) for found in STALE.values() for stale in found if stale.reach is not Reach.COMPLETE)
    )
    assert set(TYPES) - named == {"revoked", "rate_limit"}


def test_a_reservation_over_midnight_makes_both_days_stale_and_its_week_once() -> None:
    event = facts.asked("r-1", 22, 26)
    assert sorted(stale_tags("availability", event.TYPE, event)) == [
        "avail:gen:schedule:{room-1}:2026-W48",
        "avail:gen:slots:{room-1}:2026-11-23",
        "avail:gen:slots:{room-1}:2026-11-24",
        "avail:gen:user:{ann}",
        "avail:gen:waitlist:{room-1}",
        "avail:of:reservation:{r-1}",
    ]


def test_a_reservation_that_takes_an_offer_makes_the_whole_calendar_stale() -> None:
    event = facts.asked("r-1", 10, 11, offer="w-1")
    assert "avail:of:calendar:{room-1}" in stale_tags("availability", event.TYPE, event)


def test_a_slot_of_years_makes_the_calendar_stale_instead_of_a_thousand_days() -> None:
    event = facts.maintenance("m-1", 0, 24 * 900)
    assert set(stale_tags("availability", event.TYPE, event)) == {"avail:of:calendar:{room-1}"}


def test_no_value_of_an_event_makes_it_raise() -> None:
    event = facts.asked("", 0, 1, user="a:b\n{c}", resource="~" * 500)
    event.starts_at, event.ends_at = -(2**63), 2**63 - 1
    assert len(stale_tags("availability", event.TYPE, event)) == 5


def test_the_own_tag_that_an_event_moves_is_the_one_that_readers_read() -> None:
    event = facts.asked("r:1", 10, 11, user="a b", resource="x:y")
    moved = stale_tags("availability", event.TYPE, event)
    for name, parts in {
        "reservation": ("r:1",),
        "user_reservations": ("a b",),
        "availability": ("x:y", "2026-11-23"),
        "schedule": ("x:y", "2026-W48"),
        "waitlist": ("x:y",),
    }.items():
        assert set(TYPES[name].tags_of(*parts)) & set(moved), name
    assert hour(0) == 1_795_392_000_000_000


def test_a_group_without_caches_and_an_event_that_it_ignores_make_nothing_stale() -> None:
    event = facts.asked("r-1", 10, 11)
    assert stale_tags("reports", event.TYPE, event) == ()
    assert stale_tags("auth", event.TYPE, event) == ()


def test_a_takeover_makes_the_services_stale_that_the_group_writes_about() -> None:
    assert {group: services_of(group) for group in (*GROUPS, "reports")} == {
        "auth": {"auth"},
        "stockpile": {"auth"},
        "resources": {"res"},
        "availability": {"avail"},
        "reports": set(),
    }

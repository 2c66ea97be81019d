"""The 22 declared types are those of the catalogue."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot

from bookly.cache.tags import LONGEST_PART, complete, complete_of, own, part
from bookly.cache.types import TYPES

CATALOGUE = {
    "session": ("auth:session:{id}", "8 h"),
    "user_sessions": ("auth:sessions:{user}", "8 h"),
    "token": ("auth:token:{jti}", "15 min"),
    "revoked": ("auth:revoked:{jti}", "until it expires"),
    "permissions": ("auth:perms:{user}", "5 min"),
    "roles": ("auth:roles:{user}", "10 min"),
    "user": ("auth:user:{user}", "15 min"),
    "two_factor": ("auth:2fa:{user}", "5 min"),
    "rate_limit": ("auth:rate:{scope}:{id}", "1 min"),
    "resource": ("res:resource:{id}", "30 min"),
    "resource_status": ("res:status:{id}", "1 min"),
    "category": ("res:category:{id}", "6 h"),
    "categories": ("res:categories", "6 h"),
    "list": ("res:list:{filter}", "5 min"),
    "search": ("res:search:{query}", "2 min"),
    "usage": ("res:usage:{id}", "5 min"),
    "availability": ("avail:slots:{resource}:{date}", "2 min"),
    "reservation": ("avail:reservation:{id}", "10 min"),
    "user_reservations": ("avail:user:{user}", "5 min"),
    "schedule": ("avail:schedule:{resource}:{week}", "30 min"),
    "waitlist": ("avail:waitlist:{resource}", "1 min"),
    "user_permissions": ("avail:perms:{user}", "10 min"),
}
UNITS = {"h": 3600, "min": 60}


def seconds(said: str) -> int | None:
    number, unit = said.split()[:2]
    return int(number) * UNITS[unit] if unit in UNITS else None


def test_there_are_22_types_of_three_services() -> None:
    assert Counter(each.service for each in TYPES.values()) == {"auth": 9, "res": 7, "avail": 6}


def test_each_type_has_the_key_and_the_time_to_live_of_the_catalogue() -> None:
    assert {name: (each.key, each.ttl) for name, each in TYPES.items()} == {
        name: (key, seconds(ttl)) for name, (key, ttl) in CATALOGUE.items()
    }


def test_every_key_begins_with_its_services_prefix_and_no_two_types_share_one() -> None:
    assert all(each.key.startswith(f"{each.service}:") for each in TYPES.values())
    assert len({each.key.partition("{")[0] for each in TYPES.values()}) == 22


def test_an_entry_carries_its_own_tag_those_of_its_entities_and_its_services() -> None:
    assert TYPES["availability"].tags_of("r-1", "2026-11-24") == (
        "avail:gen:slots:{r-1}:2026-11-24",
        "avail:of:calendar:{r-1}",
        "avail:all",
    )
    assert TYPES["list"].tags_of("floor=2") == ("res:gen:list:{floor=2}", "res:of:lists:{res:all}", "res:all")


def test_an_entry_its_own_tag_and_its_entities_share_a_slot_and_so_does_what_a_service_has_once() -> None:
    for each in TYPES.values():
        named = {name: f"{name}-1" for name in each.parts}
        key, (own_tag, *_, service) = each.names_of(*named.values())
        mine = {
            key_slot(tag.encode())
            for tag in (key, own_tag, *(entity.tag(named[entity.by]) for entity in each.carries if entity.by))
        }
        assert len(mine) == 1, each.name
        assert {key_slot(entity.tag().encode()) for entity in each.carries if not entity.by} <= {key_slot(service.encode())}


@given(st.text(min_size=1))
def test_no_id_can_choose_the_slot_of_another(identity: str) -> None:
    key = TYPES["rate_limit"].key_of("{login}", identity)
    assert key.startswith("auth:rate:%7Blogin%7D:{")
    assert key.count("{") == key.count("}") == 1


@pytest.mark.parametrize("parts", [(), ("r-1",), ("r-1", ""), ("r-1", "2026-11-24", "x")])
def test_a_missing_surplus_or_empty_part_is_refused(parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"availability is kept by \(resource, date\)"):
        TYPES["availability"].key_of(*parts)


def test_every_entity_that_a_type_carries_is_in_its_key() -> None:
    for each in TYPES.values():
        assert {entity.by for entity in each.carries if entity.by} <= set(each.parts)
        assert {entity.service for entity in (*each.carries, *each.shows)} <= {each.service}


texts = st.text(st.characters(categories=None), min_size=1, max_size=LONGEST_PART + 20) | st.sampled_from(
    ["a", "a:b", "b:c", "a%3Ab", "~", "%7E", " ", "é", "{a}", "\ud800"]
)


@given(texts, texts, texts, texts)
def test_two_entries_never_share_a_key(scope: str, identity: str, other_scope: str, other_identity: str) -> None:
    rate = TYPES["rate_limit"]
    same = (scope, identity) == (other_scope, other_identity)
    assert (rate.key_of(scope, identity) == rate.key_of(other_scope, other_identity)) is same


@given(texts)
def test_a_part_has_no_separator_and_no_space_and_is_short(value: str) -> None:
    assert part(value).isascii()
    assert not set(part(value)) & set(": \n{}")
    assert len(part(value)) <= 12 * LONGEST_PART


def test_tags_are_no_keys_of_entries_and_know_their_service() -> None:
    prefixes = {each.key.partition("{")[0] for each in TYPES.values()}
    for tag in (own("res:resource:r-1"), *TYPES["resource"].tags_of("r-1")):
        assert not any(tag.startswith(prefix) for prefix in prefixes)
        assert complete_of(tag) == complete("res")

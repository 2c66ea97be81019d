"""The chain of the audit trail: whatever is done to its records afterwards is found, at its place."""

from __future__ import annotations

from hashlib import sha256

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from api.console.audit import BEGINNING, Entry, encoded, verified

WORDS = st.text(max_size=8)
SAID = st.tuples(WORDS, WORDS, WORDS, st.dictionaries(WORDS, WORDS, max_size=3))
ENTRIES = st.lists(SAID, min_size=2, max_size=8)


def chain(said: list[tuple[str, str, str, dict[str, str]]]) -> list[tuple[int, bytes]]:
    """Offsets have gaps, as a transaction's marker leaves one behind each entry."""
    found, previous = [], BEGINNING
    for number, (who, verb, why, about) in enumerate(said, 1):
        value = encoded(Entry(number, "2026-11-28T06:00:00+00:00", who, verb, "done", why, about, previous))
        previous = sha256(value).hexdigest()
        found.append((2 * number - 2, value))
    return found


@given(ENTRIES)
def test_a_chain_that_nobody_touched_holds(said: list[tuple[str, str, str, dict[str, str]]]) -> None:
    records = chain(said)
    assert verified(records) == (len(records), sha256(records[-1][1]).hexdigest(), None)


@given(ENTRIES, st.data())
def test_an_entry_that_was_changed_is_found_where_the_next_one_names_another(
    said: list[tuple[str, str, str, dict[str, str]]], data: st.DataObject
) -> None:
    records = chain(said)
    at = data.draw(st.integers(0, len(records) - 2))
    offset, value = records[at]
    forged = msgspec.structs.replace(msgspec.json.decode(value, type=Entry), who="somebody else, who was not there")
    records[at] = offset, encoded(forged)
    count, _, broken = verified(records)
    assert broken is not None
    assert (count, broken.offset) == (at + 1, records[at + 1][0])


@given(ENTRIES, st.data())
def test_an_entry_that_was_dropped_is_found(said: list[tuple[str, str, str, dict[str, str]]], data: st.DataObject) -> None:
    records = chain(said)
    at = data.draw(st.integers(0, len(records) - 2))
    offset = records[at + 1][0]
    del records[at]
    count, _, broken = verified(records)
    assert broken is not None
    assert (count, broken.offset) == (at, offset)


@given(ENTRIES, st.data())
def test_two_entries_that_changed_places_are_found_at_the_first(
    said: list[tuple[str, str, str, dict[str, str]]], data: st.DataObject
) -> None:
    records = chain(said)
    one, other = sorted(data.draw(st.lists(st.integers(0, len(records) - 1), min_size=2, max_size=2, unique=True)))
    (first, a), (second, b) = records[one], records[other]
    records[one], records[other] = (first, b), (second, a)
    count, _, broken = verified(records)
    assert broken is not None
    assert (count, broken.offset) == (one, first)


@given(ENTRIES, st.data(), st.binary(min_size=1, max_size=40))
def test_bytes_that_are_no_entry_are_found(
    said: list[tuple[str, str, str, dict[str, str]]], data: st.DataObject, junk: bytes
) -> None:
    records = chain(said)
    at = data.draw(st.integers(0, len(records) - 1))
    records[at] = records[at][0], junk
    count, _, broken = verified(records)
    assert broken is not None
    assert (count, broken.offset) == (at, records[at][0])


def test_an_entry_in_another_spelling_of_the_same_json_is_found() -> None:
    [(offset, value), *rest] = chain([("ann", "drop", "no event", {}), ("ann", "drop", "no event", {})])
    _, _, broken = verified([(offset, value.replace(b',"at"', b', "at"')), *rest])
    assert broken is not None
    assert broken.offset == offset

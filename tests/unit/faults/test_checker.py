"""Each invariant is fed a finding that breaks it. A checker that stays silent would let every engine pass."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from bookly.records.availability import ReservationConfirmed
from faults.checker import Watched, check, redone
from faults.domains import PROBE, domain_of
from faults.evidence import Told
from faults.log import DEAD, HEAD, PARKED, Aside, Found
from faults.oracle import fold
from faults.shown import Shown, stale_reads
from faults.spy import Sample, commits_ahead
from tests.unit.faults.records import TOPIC, created, entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.log import Entry

DOMAIN = domain_of("faults1", PROBE)


def confirmed(offset: int, reservation: str) -> Entry:
    return entry(offset, ReservationConfirmed(reservation, "room", "u-1", f"apr-{reservation}", True, 1, 2))


ENTRIES = [
    entry(0, created("r-1")),
    confirmed(1, "r-1"),
    entry(2, created("r-2")),
    confirmed(3, "r-2"),
    entry(4, None),
    entry(5, created("r-3")),
    entry(6, created("r-4")),
]
PLACES = [each.place for each in ENTRIES]


def aside(number: int, where: str) -> Aside:
    source = ENTRIES[number]
    return Aside(source.place, where, source.key, source.value, source.headers)


def kept() -> tuple[Found, Watched]:
    """What is found when every promise was kept."""
    set_aside = [aside(4, DEAD), aside(4, HEAD), aside(5, PARKED), aside(6, PARKED)]
    expected = fold(DOMAIN, ENTRIES, Found(aside=set_aside).aside_of())
    ids = [(each.place, each.event.metadata.event_id) for each in ENTRIES if each.event]
    watched = Watched(
        acknowledged=ids,
        samples=[Sample({(TOPIC, 0): 2}, {(TOPIC, 0): 2}), Sample({(TOPIC, 0): 7}, {(TOPIC, 0): 4})],
        shown=[Shown(1.0, "room", 1), Shown(3.0, "room", 2)],
        told=[Told("stale", 2.0, {"rows": {"room": 2}})],
    )
    rows = {table: dict(rows) for table, rows in expected.rows.items()}
    return Found(list(ENTRIES), set_aside, rows, list(expected.emitted)), watched


def violated(found: Found, watched: Watched, mode: str = PROBE) -> Counter[str]:
    expected = fold(DOMAIN, ENTRIES, kept()[0].aside_of())
    return Counter(violation.invariant for violation in check(mode, expected, found, watched))


def test_nothing_is_said_of_a_run_that_kept_every_promise() -> None:
    assert not violated(*kept())


def lost_from_the_log(found: Found, _: Watched) -> None:
    found.entries.pop(2)


def lost_from_the_rows(found: Found, _: Watched) -> None:
    found.rows["seen"].popitem()


def lost_dead_letter(found: Found, _: Watched) -> None:
    found.aside.pop(0)


def lost_parked(found: Found, _: Watched) -> None:
    found.aside.pop()


def nothing_heads_the_line(found: Found, _: Watched) -> None:
    found.aside.pop(1)


def good_event_set_aside(found: Found, _: Watched) -> None:
    found.aside.append(aside(0, DEAD))


def applied_twice(found: Found, _: Watched) -> None:
    key = next(iter(found.rows["seen"]))
    found.rows["seen"][key] = {"times": 2}


def dead_and_parked(found: Found, _: Watched) -> None:
    found.aside.append(aside(4, PARKED))


def another_count(found: Found, _: Watched) -> None:
    found.rows["counts"][0, "room"] = {**found.rows["counts"][0, "room"], "created": 9}


def a_row_too_many(found: Found, _: Watched) -> None:
    found.rows["windows"][0, "room|nine"] = {"count": 1, "late": 0}


def another_order(found: Found, _: Watched) -> None:
    key = (0, f"{TOPIC}|room")
    found.rows["chains"][key] = {**found.rows["chains"][key], "digest": "crossed"}


def emitted_twice(found: Found, _: Watched) -> None:
    found.emitted.append(found.emitted[0])


def not_emitted(found: Found, _: Watched) -> None:
    found.emitted.pop()


def emitted_in_another_order(found: Found, _: Watched) -> None:
    found.emitted.reverse()


def changed_dead_letter(found: Found, _: Watched) -> None:
    found.aside[0] = found.aside[0]._replace(value=b"other bytes")


def dead_letter_without_a_header(found: Found, _: Watched) -> None:
    found.aside[0] = found.aside[0]._replace(headers=())


def parked_out_of_order(found: Found, _: Watched) -> None:
    found.aside[2], found.aside[3] = found.aside[3], found.aside[2]


def ahead_of_the_rows(_: Found, watched: Watched) -> None:
    watched.samples.append(Sample({(TOPIC, 0): 4}, {(TOPIC, 0): 3}))


def ahead_of_no_row(_: Found, watched: Watched) -> None:
    watched.samples.append(Sample({(TOPIC, 0): 1}, {}))


def older_than_an_invalidation(_: Found, watched: Watched) -> None:
    watched.shown.append(Shown(2.5, "room", 1))


def standing_still(_: Found, watched: Watched) -> None:
    watched.stalled = 1


@pytest.mark.parametrize(
    ("invariant", "breaks"),
    [
        ("lost", lost_from_the_log),
        ("lost", lost_from_the_rows),
        ("lost", lost_dead_letter),
        ("lost", lost_parked),
        ("lost", good_event_set_aside),
        ("order", nothing_heads_the_line),
        ("doubled", applied_twice),
        ("doubled", dead_and_parked),
        ("tables", another_count),
        ("tables", a_row_too_many),
        ("order", another_order),
        ("emitted", emitted_twice),
        ("emitted", not_emitted),
        ("emitted", emitted_in_another_order),
        ("dead_letters", changed_dead_letter),
        ("dead_letters", dead_letter_without_a_header),
        ("dead_letters", parked_out_of_order),
        ("commit_ahead", ahead_of_the_rows),
        ("commit_ahead", ahead_of_no_row),
        ("stale_cache", older_than_an_invalidation),
        ("stalled", standing_still),
    ],
)
def test_a_broken_promise_is_seen(invariant: str, breaks: Callable[[Found, Watched], None]) -> None:
    found, watched = kept()
    breaks(found, watched)
    assert violated(found, watched)[invariant] > 0


def test_two_confirmed_reservations_of_one_moment_are_a_double_booking() -> None:
    found, watched = kept()
    assert violated(found, watched, "availability")["double_booking"] == 1


def test_a_slice_that_is_worked_through_again_is_redone() -> None:
    slices = [(0, 5), (5, 9), (7, 12)]
    words = [Told("slice", 1.0, {"topic": "t", "partition": 0, "first": first, "next": after}) for first, after in slices]
    assert not list(redone(words[:2]))
    assert [violation.invariant for violation in redone(words)] == ["redone"]


def test_a_read_that_began_before_the_invalidation_ended_may_show_what_was() -> None:
    ended = [Told("stale", 2.0, {"rows": {"room": 5}})]
    assert not stale_reads([Shown(1.9, "room", 4)], ended)
    assert len(stale_reads([Shown(2.1, "room", 4), Shown(2.1, "other", 0), Shown(2.2, "room", 6)], ended)) == 1


def test_of_the_real_domain_a_reservation_counts_once_however_often_it_comes() -> None:
    again = [entry(0, created("r-1")), entry(1, created("r-1")), entry(2, created("r-2"))]
    outcomes = dict.fromkeys([each.place for each in again], "applied")
    samples = [Sample({(TOPIC, 0): 2}, {(TOPIC, 0): 1}), Sample({(TOPIC, 0): 3}, {(TOPIC, 0): 1})]
    assert commits_ahead(samples, again, outcomes, "availability") == 1

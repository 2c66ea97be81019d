"""What must be there, and what is lost or doubled beside it: counted in three ways that know nothing of each other."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.soak.population import VISITED
from bookly.contract import contract_of
from bookly.records.availability import NotificationRequested, ReservationConfirmed
from bookly.records.stockpile import ApprovalGranted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bench.soak.population import Population

AFTER_CREATION = 2  # the version of a reservation that was placed and confirmed
AFTER_VISIT = 4  # and checked in and out

Changes = Counter[tuple[str, int]]
Numbers = dict[str, dict[str, int]]  # by table ("domain table") and key


class Difference(NamedTuple):
    """What is missing, and what is there too often."""

    lost: int
    double: int


def differences(expected: Mapping[str, int], found: Mapping[str, int]) -> Difference:
    """Key by key: what is too little here is not made good by what is too much there."""
    beside = [found.get(key, 0) - expected.get(key, 0) for key in expected.keys() | found.keys()]
    return Difference(-sum(one for one in beside if one < 0), sum(one for one in beside if one > 0))


def records_of(population: Population) -> Counter[str]:
    """By event type: what is published to create the population, and what agents emit because of it."""
    made = population.resources * population.reservations
    published = Counter(contract_of(type(event)).type for step in population.steps() for event in step)
    return published + Counter(dict.fromkeys((ApprovalGranted.TYPE, ReservationConfirmed.TYPE, NotificationRequested.TYPE), made))


def rows_of(of: Population, changes: Changes) -> Numbers:
    """The number that each row must show after these changes."""
    rooms, roles = range(of.resources + of.probes), range(of.roles + of.probes)
    names = {of.room(number): changes["name", number] for number in rooms}
    permissions = {of.role(number): changes["permissions", number] for number in roles}
    reservations = range(of.resources * of.reservations)
    return {
        "auth users": {of.user(number): changes["profile", number] for number in range(of.users)},
        "auth sessions": {of.user(number): count for (what, number), count in changes.items() if what == "session"},
        "resources categories": {of.category(number): changes["category", number] for number in range(of.categories)},
        "resources usage": {of.room(number): 1 for number in range(of.resources)},
        **dict.fromkeys(("resources resources", "availability resources", "reports downtime"), names),
        **dict.fromkeys(("auth roles", "availability role_permissions", "stockpile role_permissions"), permissions),
        "availability reservations": {of.reservation(number): _version(of, changes, number) for number in reservations},
    }


def _version(of: Population, changes: Changes, number: int) -> int:
    return AFTER_VISIT if number % of.reservations == VISITED else AFTER_CREATION + changes["move", number]


def number_in(text: str) -> int:
    return int(text.rpartition("#")[2])


SHOWN: dict[str, Callable[[Any], int]] = {  # by table: the number that a row shows
    "auth users": lambda row: number_in(row["full_name"]),
    "auth sessions": lambda row: number_in(row["open"][-1]["session_id"]),
    "resources categories": lambda row: number_in(row["name"]),
    "resources usage": lambda row: int(row["check_outs"]),
    **dict.fromkeys(("resources resources", "availability resources", "reports downtime"), lambda row: number_in(row["name"])),
    **dict.fromkeys(
        ("auth roles", "availability role_permissions", "stockpile role_permissions"),
        lambda row: number_in(row["permissions"][0]),
    ),
    "availability reservations": lambda row: int(row["version"]),
}


def compare_rows(expected: Numbers, read: Callable[[str, str], Iterable[tuple[str, Any]]]) -> dict[str, Difference]:
    """By table. A row that is not there has seen nothing. `read(domain, table)` gives the rows, each with its key."""
    found = {table: {key: SHOWN[table](row) for key, row in read(*table.split())} for table in expected}
    return {table: differences(numbers, found[table]) for table, numbers in expected.items()}


def done(tally: Counter[str]) -> int:
    """How many records a group is done with, as it should be: a dead letter is none of them."""
    return tally["applied"] + tally["ignored"]


def compare_tallies(tallies: Mapping[str, Counter[str]], records: Mapping[str, int]) -> dict[str, Difference]:
    """By group: what it says that it is done with, beside the records in its input topics."""
    return {group: differences({group: records[group]}, {group: done(tally)}) for group, tally in tallies.items()}


def worst(counts: Mapping[str, Mapping[str, Difference]]) -> Difference:
    """Of several ways to count the same events, that which finds most."""
    found = [Difference(*map(sum, zip(*one.values(), strict=True))) for one in counts.values()]
    return Difference(max(one.lost for one in found), max(one.double for one in found))

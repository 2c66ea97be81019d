"""What was found against what ought to be: violations by the name of the invariant, each with a sentence."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from demo.double_bookings import double_bookings
from faults.log import DEAD, HEAD, PARKED
from faults.oracle import APPLIED, IGNORED
from faults.shown import stale_reads
from faults.spy import commits_ahead

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from faults.evidence import Told
    from faults.log import Aside, Emission, Entry, Found, Place, Rows
    from faults.oracle import Expected
    from faults.shown import Shown
    from faults.spy import Sample

INVARIANTS = (
    *("lost", "doubled", "tables", "emitted", "double_booking", "order", "commit_ahead"),
    *("dead_letters", "stale_cache", "stalled", "redone", "shutdown"),
)


class Violation(NamedTuple):
    invariant: str
    sentence: str


@dataclass
class Watched:
    """What was seen while the run went on. `acknowledged`: place and event id, as the producer was told."""

    acknowledged: list[tuple[Place, str]] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    stalled: int = 0


def check(mode: str, expected: Expected, found: Found, watched: Watched) -> list[Violation]:
    """All violations of a run; none if every promise was kept."""
    ahead = commits_ahead(watched.samples, found.entries, expected.outcomes, mode)
    double = double_bookings(entry.event for entry in found.entries if entry.event is not None) if mode == "availability" else 0
    return [
        *acknowledged(watched.acknowledged, found.entries),
        *set_aside(expected.outcomes, found.aside),
        *applied(expected.rows.get("seen", {}), found.rows.get("seen", {})),
        *tables(expected.rows, found.rows),
        *emissions(expected.emitted, found.emitted),
        *dead_letters(found),
        *([Violation("double_booking", f"{double} pairs of reservations hold the same moment")] * double),
        *([Violation("commit_ahead", f"in {ahead} of {len(watched.samples)} samples an offset was ahead of its rows")] * ahead),
        *(Violation("stale_cache", sentence) for sentence in stale_reads(watched.shown, watched.told)),
        *([Violation("stalled", "no progress for 30 s with lag and all servers up")] * watched.stalled),
    ]


def acknowledged(told: Iterable[tuple[Place, str]], entries: Iterable[Entry]) -> Iterator[Violation]:
    """What the broker confirmed to the producer is in the log, where it said."""
    ids = {entry.place: entry.event.metadata.event_id if entry.event else None for entry in entries}
    for place, event_id in told:
        if ids.get(place) != event_id:
            yield Violation("lost", f"event {event_id} was acknowledged at {place}, and the log does not have it there")


def set_aside(outcomes: Mapping[Place, str], aside: Sequence[Aside]) -> Iterator[Violation]:
    """Each record that ought to be dead or parked is, once; no other is. A dead letter with a key heads the line behind it."""
    where: defaultdict[Place, list[str]] = defaultdict(list)
    heads = Counter(each.place for each in aside if each.where == HEAD)
    for each in aside:
        if each.where != HEAD:
            where[each.place].append(each.where)
        if each.where == DEAD and heads[each.place] != (each.key is not None):
            yield Violation("order", f"{each.place} is dead, and heads the line of its key {heads[each.place]} times")
    for place in heads.keys() - where.keys():
        yield Violation("lost", f"{place} heads the line of its key, but is no dead letter")
    for place, found in where.items():
        if len(found) > 1:
            yield Violation("doubled", f"{place} was set aside {len(found)} times: {found}")
        if outcomes.get(place) in {APPLIED, IGNORED}:
            yield Violation("lost", f"{place} was set aside ({found[0]}), but it ought to be {outcomes[place]}")
        elif outcomes.get(place) != found[0]:
            yield Violation("order", f"{place} is {found[0]}, but it ought to be {outcomes.get(place, 'unknown to the log')}")
    for place, outcome in outcomes.items():
        if outcome in {DEAD, PARKED} and place not in where:
            yield Violation("lost", f"{place} ought to be {outcome}, and is not")


def applied(expected: Rows, found: Rows) -> Iterator[Violation]:
    """Each event was applied as often as its records stand in the log: the probe counts itself."""
    for key in expected.keys() | found.keys():
        event_id, (wanted, times) = key[1], (rows.get(key, {"times": 0})["times"] for rows in (expected, found))
        if times != wanted:
            yield Violation("doubled" if times > wanted else "lost", f"event {event_id} was applied {times} times, not {wanted}")


def tables(expected: Mapping[str, Rows], found: Mapping[str, Rows]) -> Iterator[Violation]:
    """Every row is the oracle's. A chain as long as it ought to be with another digest says: another order."""
    for table, wanted in expected.items():
        rows = found.get(table, {})
        for key in wanted.keys() | rows.keys():
            want, row = wanted.get(key), rows.get(key)
            if want == row:
                continue
            is_order = table == "chains" and isinstance(want, dict) and isinstance(row, dict) and want["count"] == row["count"]
            name = f"row {key[1]!r} of {table}, partition {key[0]},"
            yield Violation("order" if is_order else "tables", f"{name} is {row}, and ought to be {want}")


def emissions(expected: list[Emission], found: list[Emission]) -> Iterator[Violation]:
    """The same events, each once, and those of a key in the same order."""
    wanted, seen = Counter(expected), Counter(found)
    for emission, number in ((wanted - seen) + (seen - wanted)).items():
        yield Violation("emitted", f"{emission} was emitted {seen[emission]} times, not {wanted[emission]} ({number} off)")
    if wanted == seen:
        for key in {emission.key for emission in expected}:
            if [each for each in expected if each.key == key] != [each for each in found if each.key == key]:
                yield Violation("emitted", f"the emitted events of {key} are in another order")


def dead_letters(found: Found) -> Iterator[Violation]:
    """What is set aside is the record, byte for byte, and records of a key are in its order."""
    entries = {entry.place: entry for entry in found.entries}
    last: dict[tuple[str, int, bytes | None, str], int] = {}
    for each in found.aside:
        entry = entries.get(each.place)
        if entry is None or (entry.key, entry.value, entry.headers) != (each.key, each.value, each.headers):
            yield Violation("dead_letters", f"what is {each.where} of {each.place} is not the record that is there")
        line = (each.place.topic, each.place.partition, each.key, each.where)
        if each.place.offset < last.get(line, -1):
            yield Violation("dead_letters", f"{each.place} is {each.where} behind a later record of its key")
        last[line] = each.place.offset


def redone(words: Iterable[Told]) -> Iterator[Violation]:
    """Slices that were worked through although their offsets had been: what an orderly end must not leave to do again."""
    done: defaultdict[tuple[str, int], int] = defaultdict(int)
    for word in words:
        if word.kind == "slice":
            place, first, after = (word.about["topic"], word.about["partition"]), word.about["first"], word.about["next"]
            if first < done[place]:
                yield Violation("redone", f"{place} was worked through again from {first} on, it had been up to {done[place]}")
            done[place] = max(done[place], after)

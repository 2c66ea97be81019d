"""A step is over when nothing is under way any more, and not before."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, cast

import pytest

from agents import domains
from demo import barrier
from demo.barrier import Barrier, NotQuiet, groups

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.barrier import Offsets, Place

READS = {"bookly-a": ("t",), "bookly-b": ("t", "u")}


class Moments:
    """A broker whose offsets are told moment by moment; the last moment lasts."""

    def __init__(self, *moments: tuple[dict[str, int], dict[str, dict[str, int]]]) -> None:
        self._moments = list(moments)

    def ends(self, _topics: set[str]) -> dict[Place, int]:
        return {(topic, 0): end for topic, end in self._moments[0][0].items()}

    def committed(self, group: str) -> dict[Place, int]:
        return {(topic, 0): offset for topic, offset in self._moments[0][1].get(group, {}).items()}

    def pass_on(self) -> None:
        if len(self._moments) > 1:
            self._moments.pop(0)


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barrier, "PAUSE_S", 0)


def waited(moments: Moments, patience: float = 10) -> int:
    """How often it asked until it was quiet; every question takes a second and a moment."""
    seconds = count()
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        moments.pass_on()

    clock = cast("Callable[[], float]", lambda: next(seconds))
    Barrier(cast("Offsets", moments), READS, patience, clock).wait(look)
    return looks


DONE = {"bookly-a": {"t": 5}, "bookly-b": {"t": 5, "u": 2}}


def test_it_returns_when_all_have_read_all() -> None:
    assert waited(Moments(({"t": 5, "u": 2}, DONE))) == 1


def test_a_group_that_has_committed_nothing_yet_is_behind() -> None:
    begun = ({"t": 5, "u": 2}, {"bookly-a": {"t": 5}})
    assert waited(Moments(begun, begun, begun, ({"t": 5, "u": 2}, DONE))) == 3


def test_what_a_group_emits_is_work_for_the_others() -> None:
    before = ({"t": 5, "u": 2}, {"bookly-a": {"t": 5}, "bookly-b": {"t": 4, "u": 2}})
    emitted = ({"t": 5, "u": 3}, DONE)
    after = ({"t": 5, "u": 3}, {**DONE, "bookly-b": {"t": 5, "u": 3}})
    assert waited(Moments(before, before, emitted, emitted, after)) == 4


def test_who_does_not_catch_up_is_named_with_partition_and_lag() -> None:
    stuck = ({"t": 5, "u": 2}, {**DONE, "bookly-b": {"t": 5, "u": -1001}})
    with pytest.raises(NotQuiet, match="bookly-b is 2 records behind on u partition 0 after 3 s"):
        waited(Moments(stuck), patience=3)


def test_topics_that_never_stop_growing_are_named() -> None:
    growing = [({"t": end, "u": 2}, {"bookly-a": {"t": 99}, "bookly-b": {"t": 99, "u": 2}}) for end in range(20)]
    with pytest.raises(NotQuiet, match="the topics grow"):
        waited(Moments(*growing), patience=3)


def test_it_waits_for_every_group_on_every_topic_that_it_consumes() -> None:
    for domain in domains().values():
        assert set(domain.topics) == set(groups()[domain.group])

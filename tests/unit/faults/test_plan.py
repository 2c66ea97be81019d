"""Which runs there are: all kinds, often enough, and each can be had again by its name and seed."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from faults.catalogue import FAULTS
from faults.plan import plan
from faults.run import seeded
from faults.workload import Raw, Shape, availability_phases, key_of, probe_phases


def test_the_whole_matrix_gives_each_kill_point_and_each_halt_twenty_runs_and_everything_else_three() -> None:
    runs = Counter(planned.fault.name for planned in plan(None, 7))
    often = {name for name in runs if name.startswith("kill-")} | {"stop-past-session"}
    assert len(often) == 11
    assert all(runs[name] >= (20 if name in often else 2 if name == "broker-stop-60" else 3) for name in FAULTS)
    assert sum(runs.values()) >= 240


def test_few_runs_are_of_as_many_kinds() -> None:
    assert len({planned.fault.name for planned in plan(20, 3)}) == 20


def test_a_run_is_had_again_by_its_name_and_its_seed() -> None:
    for planned in plan(None, 7)[::17]:
        [again] = plan(1, planned.seed, [planned.fault.name])
        assert (again.fault, again.seed, again.mode) == (planned.fault, planned.seed, planned.mode)
        assert seeded(again).random() == seeded(planned).random()


def test_the_first_round_has_every_fault_and_those_that_are_alone_come_together() -> None:
    first = [planned.fault for planned in plan(None, 7)[: len(FAULTS)]]
    assert {fault.name for fault in first} == set(FAULTS)
    assert [fault.alone for fault in first] == sorted(fault.alone for fault in first)


def test_a_name_that_is_no_fault_is_refused() -> None:
    with pytest.raises(KeyError):
        plan(1, 7, ["kill-the-messenger"])


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_the_same_seed_arms_and_publishes_the_same(fault: object) -> None:
    name = next(name for name, each in FAULTS.items() if each is fault)
    one, other = (_drawn(name) for _ in range(2))
    assert one == other


def _drawn(name: str) -> tuple[object, ...]:
    rng, fault = random.Random(5), FAULTS[name]
    phases = probe_phases(rng, replace(fault.shape, events=(60, 90)))
    return [[str(sent) for sent in phase] for phase in phases], fault.arms(rng)


def test_events_that_are_reordered_keep_the_order_of_their_key() -> None:
    [plain], [shuffled] = (probe_phases(random.Random(3), Shape((200, 201), shuffled=mixed)) for mixed in (False, True))
    assert plain != shuffled
    for key in {key_of(sent) for sent in plain}:
        assert [sent for sent in plain if key_of(sent) == key] == [sent for sent in shuffled if key_of(sent) == key]


def test_one_in_ten_is_sent_again_with_its_own_id() -> None:
    [events] = probe_phases(random.Random(3), Shape((1_000, 1_001), duplicates=0.1))
    ids = Counter(str(sent.metadata.event_id) for sent in events if not isinstance(sent, Raw))
    assert sum(times > 1 for times in ids.values()) > 80


def test_the_real_domain_gets_places_first_and_decisions_last() -> None:
    opening, wishes, decisions = availability_phases(random.Random(3))
    assert {sent.data.__class__.__name__ for sent in opening if not isinstance(sent, Raw)} == {"ResourceCreated"}
    assert {sent.data.__class__.__name__ for sent in decisions if not isinstance(sent, Raw)} == {"ApprovalGranted"}
    assert len(wishes) > len(decisions) > len(opening)

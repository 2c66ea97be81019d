"""The faults by name: what strikes, what is published, how many runs the whole matrix gives it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faults import outages, replays, strikes
from faults.spec import Arm
from faults.workload import Shape

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from faults.strikes import Scene

    Arming = Callable[[random.Random], Mapping[tuple[int, int], tuple[Arm, ...]]]

OFTEN, SELDOM = 20, 3
MANY = 600  # keys: far more failures in a row than the fuse bears, though each key fails once and then waits


def unarmed(_: random.Random) -> Mapping[tuple[int, int], tuple[Arm, ...]]:
    return {}


@dataclass(frozen=True)
class Fault:
    """`alone`: a server suffers, so no other run may be under way. `arms`: by worker and life. `workers`: that start at once.

    `real`: some runs are of the real availability domain. `proxied`: servers that workers reach through a proxy.
    """

    name: str
    strike: Callable[[Scene], None]
    runs: int = SELDOM
    shape: Shape = field(default_factory=Shape)
    arms: Arming = unarmed
    workers: tuple[int, ...] = (0, 1)
    alone: bool = False
    real: bool = False
    proxied: frozenset[str] = frozenset()
    lasting: float = 5.0  # seconds over which the workload is published
    slow_s: float = 0.0
    backlog: bool = False  # everything is published before the first worker starts


def at_nth(point: str, low: int, high: int) -> Arming:
    """The first life of worker 0 ends at one of these passes."""
    return lambda rng: {(0, 0): (Arm(point, rng.randint(low, high)),)}


def either_way(point: str, life: int, nth: int = 1) -> Arming:
    """A point with two sides: `after_s` chooses."""
    return lambda rng: {(0, life): (Arm(point, nth, rng.choice((0.0, 1.0))),)}


def on_both(point: str) -> Arming:
    """Whoever gets the record that it waits for."""
    return lambda _: {(0, 0): (Arm(point),), (1, 0): (Arm(point),)}


def in_commit(rng: random.Random) -> Mapping[tuple[int, int], tuple[Arm, ...]]:
    return {(0, 0): (Arm("in-commit", rng.randint(1, 8), rng.choice((0.0, 0.0005, 0.001, 0.002, 0.004))),)}


def _poisoned(kind: str, bad: float = 1) -> Fault:
    return Fault(f"poison-{kind}", strikes.quiet, shape=Shape(poison=kind, bad=bad))


_ALL = (
    Fault("kill-after-fetch", strikes.armed, OFTEN, arms=at_nth("after-fetch", 2, 12), real=True),
    Fault("kill-in-handler", strikes.armed, OFTEN, arms=at_nth("in-handler", 10, 300), real=True),
    Fault("kill-after-overlay", strikes.armed, OFTEN, arms=at_nth("after-overlay", 2, 12), real=True),
    Fault("kill-changelog-half", strikes.armed, OFTEN, arms=at_nth("changelog-half", 1, 8), real=True),
    Fault("kill-delivered-not-committed", strikes.armed, OFTEN, arms=at_nth("delivered-not-committed", 1, 8), real=True),
    Fault("kill-in-commit", strikes.armed, OFTEN, arms=in_commit, real=True),
    Fault("kill-in-revoke", strikes.armed_revoke, OFTEN, arms=either_way("in-revoke", 0), workers=(0,), real=True),
    Fault("kill-in-recovery", strikes.armed_recovery, OFTEN, arms=either_way("in-recovery", 1), real=True),
    Fault("kill-in-dead-letter", strikes.armed, OFTEN, arms=on_both("in-dead-letter"), shape=Shape(poison="mixed", bad=3)),
    Fault("kill-random", strikes.kill_random, OFTEN, real=True),
    Fault("replay", replays.replay_and_kill, shape=Shape(poison="mixed", bad=3), real=True),
    Fault("stop-past-session", strikes.stop_past_session, OFTEN, real=True, lasting=8.0),
    Fault("sigterm-full-queues", strikes.sigterm, slow_s=0.001, backlog=True, lasting=0.0, shape=Shape((3_000, 4_000))),
    Fault("broker-kill", outages.broker_kill, alone=True, real=True),
    Fault("broker-bounce-5", outages.broker_bounce, alone=True, real=True),
    Fault("broker-stop-10", outages.broker_stop(10.0), alone=True, real=True),
    Fault("broker-stop-60", outages.broker_stop(60.0), 2, alone=True),
    Fault("net-delay-500", outages.net_delay, alone=True, proxied=frozenset({"broker"})),
    Fault("net-one-way", outages.net_one_way, alone=True, proxied=frozenset({"broker"})),
    Fault("net-reset", outages.net_reset, alone=True, proxied=frozenset({"broker"})),
    Fault("redis-kill", outages.redis_kill, alone=True),
    Fault("redis-stop", outages.redis_stop, alone=True),
    Fault("redis-slow", outages.redis_slow, proxied=frozenset({"redis"})),
    Fault("redis-empty", outages.redis_empty, alone=True),
    Fault("redis-full", outages.redis_full, alone=True),
    Fault("redis-readonly", outages.redis_readonly, alone=True),
    Fault("registry-down-start", outages.registry_down_at_start, alone=True, workers=()),
    Fault("registry-down", outages.registry_down, alone=True),
    Fault("registry-slow", outages.registry_slow, proxied=frozenset({"registry"}), lasting=8.0),
    Fault("registry-unknown-id", outages.registry_unknown_id, alone=True),
    _poisoned("magic"),
    _poisoned("truncated"),
    _poisoned("unknown-id"),
    _poisoned("1mb"),
    _poisoned("raises"),
    Fault("poison-1-percent", strikes.quiet, shape=Shape(poison="mixed", bad=0.01)),
    Fault("poison-every", strikes.bad_deploy, shape=Shape(resources=MANY)),
    Fault("duplicates-10", strikes.quiet, shape=Shape(duplicates=0.1)),
    Fault("late", strikes.quiet, shape=Shape(late=0.2)),
    Fault("reordered", strikes.quiet, shape=Shape(shuffled=True)),
    Fault("clock-jumps", strikes.quiet, shape=Shape(jumps=0.01)),
    Fault("storm", strikes.storm, real=True, lasting=15.0),
)
FAULTS = {fault.name: fault for fault in _ALL}

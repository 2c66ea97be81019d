"""What is done to servers and to the network between while the workload flows. A strike returns when its fault is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faults import redis_away
from faults.workload import Raw

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.strikes import Scene


def broker_kill(scene: Scene) -> None:
    _bounce(scene, 1)


def broker_bounce(scene: Scene) -> None:
    _bounce(scene, 5)


def _bounce(scene: Scene, times: int) -> None:
    scene.flowing()
    with scene.outage():
        for _ in range(times):
            scene.stack.broker.kill()
            scene.stack.broker.start()
            scene.lasting(scene.rng.uniform(0.2, 2.0))


def broker_stop(seconds: float) -> Callable[[Scene], None]:
    def strike(scene: Scene) -> None:
        scene.flowing()
        with scene.outage():
            scene.stack.broker.pause()
            scene.lasting(seconds)
            scene.stack.broker.resume()

    return strike


def net_delay(scene: Scene) -> None:
    scene.flowing()
    scene.broker_proxy.delay_s = 0.5
    scene.lasting(8.0)
    scene.broker_proxy.delay_s = 0.0


def net_one_way(scene: Scene) -> None:
    scene.flowing()
    with scene.outage():
        scene.broker_proxy.cut(scene.rng.choice(("to", "from")))
        scene.lasting(scene.rng.uniform(3.0, 14.0))
        scene.broker_proxy.mend()


def net_reset(scene: Scene) -> None:
    scene.flowing(0.1, 0.3)
    for _ in range(4):
        scene.broker_proxy.reset()
        scene.lasting(scene.rng.uniform(0.1, 1.0))


def redis_kill(scene: Scene) -> None:
    scene.flowing()
    with redis_away.killed(scene.stack.redis):
        scene.lasting(2.0)


def redis_stop(scene: Scene) -> None:
    scene.flowing()
    with redis_away.halted(scene.stack.redis):
        scene.lasting(3.0)


def redis_slow(scene: Scene) -> None:
    scene.flowing()
    assert scene.redis_proxy is not None  # noqa: S101  # the catalogue says that it is wanted
    with redis_away.slow(scene.redis_proxy, scene.rng.uniform(0.05, 0.15)):
        scene.lasting(3.0)


def redis_empty(scene: Scene) -> None:
    scene.flowing()
    with redis_away.emptied(scene.stack.redis):
        return


def redis_full(scene: Scene) -> None:
    scene.flowing()
    with redis_away.full(scene.stack.redis):
        scene.lasting(3.0)


def redis_readonly(scene: Scene) -> None:
    scene.flowing()
    with redis_away.read_only(scene.stack.redis):
        scene.lasting(3.0)


def registry_down_at_start(scene: Scene) -> None:
    with scene.outage():
        scene.stack.registry.kill()
        scene.workers.start(0)
        scene.workers.start(1)
        scene.lasting(2.0)
        scene.stack.registry.start()


def registry_down(scene: Scene) -> None:
    """A worker that comes meanwhile waits; who runs needs no registry."""
    scene.flowing()
    with scene.outage():
        scene.stack.registry.kill()
        scene.workers.kill(0)
        scene.lasting(2.0)
        scene.stack.registry.start()


def registry_slow(scene: Scene) -> None:
    scene.flowing()
    assert scene.registry_proxy is not None  # noqa: S101  # the catalogue says that it is wanted
    scene.registry_proxy.delay_s = 0.05
    scene.workers.kill(0)
    scene.lasting(6.0)
    scene.registry_proxy.delay_s = 0.0


def registry_unknown_id(scene: Scene) -> None:
    """An id that nobody knows comes while nobody can be asked: it waits, and becomes a dead letter when it is known for one."""
    scene.flowing()
    with scene.outage():
        scene.stack.registry.kill()
        scene.publisher.put(Raw("unknown-id", "room-01"))
        scene.lasting(1.0)
        scene.stack.registry.start()

"""The report on real servers: a Redis, an edge that reads through it, and a worker's page that says what went stale."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from agents.engine.health import serving as serving_health
from agents.engine.metrics import Metrics
from api.http.security.keys import new_key
from api.http.server import Server, config_of
from bookly.cache import Invalidator, Loaded
from tests.integration.cache.sources import Source
from tests.integration.cache.world import ANY, Client
from tests.unit.api.http.conftest import World
from tests.unit.engine.measured import app_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bookly.cache import Caches

STATUS = ANY["resource_status"]


@asynccontextmanager
async def edge_over(caches: Caches, key_file: Path) -> AsyncIterator[str]:
    """The address of an edge whose counts are those of these caches."""
    world = World(key_file)
    world.counts = caches.counts
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(config_of(world.app(), "127.0.0.1", 0), world.hub)
        running = asyncio.create_task(server._serve([listening]))
        while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await asyncio.wait_for(running, 10)


async def report(key: str, *arguments: str) -> dict[str, dict[str, Any]]:
    """What `python -m api cache-report --json` prints, by type."""
    command = [sys.executable, "-m", "api", "cache-report", "--json", *arguments]
    environment = {**os.environ, "BOOKLY_METRICS_KEY": key}
    done = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
    out, _ = await done.communicate()
    assert done.returncode == 0
    return {row["type"]: row for row in map(json.loads, out.splitlines())}


async def test_what_was_read_went_stale_and_expired_is_what_the_report_says(
    caches: Caches, client: Client, url: str, tmp_path: Path
) -> None:
    statuses, source = caches.of(STATUS), Source(Loaded("AVAILABLE", ttl=0.05))
    await statuses.get_or_load("r-1", loader=source)
    while await client.exists("res:status:{r-1}"):  # noqa: ASYNC110  # Redis tells nobody
        await asyncio.sleep(0.01)
    source.value = "AVAILABLE"
    for _ in range(4):
        await statuses.get_or_load("r-1", loader=source)  # expired, then three hits
    invalidator = Invalidator(url, limit_s=5.0)
    invalidator.add(STATUS.tags_of("r-1")[:1], time.time() - 1)
    await invalidator.send()
    await statuses.get_or_load("r-1", loader=source)  # stale
    late = await statuses.token("r-2")
    invalidator.add(STATUS.tags_of("r-2")[:1], time.time() - 30)
    await invalidator.send()
    assert late is not None
    assert not await statuses.set(late, Loaded("OLD"))  # refused
    await invalidator.close()

    metrics = Metrics()
    metrics.come_from(app_of(invalidator.staleness, invalidator.pending))
    key = new_key(tmp_path / "keys.json", "scraper", ["metrics:read"])
    with serving_health(("127.0.0.1", 0), dict, metrics) as port:
        async with edge_over(caches, tmp_path / "keys.json") as edge:
            found = await report(key, "--edge", edge, "--worker", f"http://127.0.0.1:{port}")

    status = found["resource_status"]
    assert [status[name] for name in ("reads", "hit", "miss", "absent", "expired", "stale")] == [6, 3, 3, 1, 1, 1]
    assert [status[name] for name in ("load", "kept", "refused", "away", "invalidations")] == [3, 3, 1, 0, 2]
    assert (status["ttl_s"], status["proposed_ttl_s"], status["rule"]) == (60, None, "few reads")
    assert 1 <= status["staleness_p50_s"] <= 10
    assert 30 <= status["staleness_p99_s"] == status["staleness_longest_s"] < 60
    assert (found["list"]["reads"], found["list"]["invalidations"]) == (0, 0)

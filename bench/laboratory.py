"""Runs one peer once: a process in a directory of its own, judged by what it says and by what it left behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from bench.catalogue import PROJECT, Peer
from bench.environments import environment
from bench.errors import Refused
from bench.figures import Run, refuse_wrong_count
from bench.java import streams_command
from bench.peers.by_hand import changelogs

if TYPE_CHECKING:
    from bench.world import World

ROOT = Path(__file__).parents[1]
DEADLINE_S = 180.0
COMPACTED = {"cleanup.policy": "compact"}


class Laboratory:
    """`home`: where environments, logs and the peers' own files go."""

    def __init__(self, home: Path, events: int) -> None:
        self.home, self.events = home, events
        self.schema = home / "schema.avsc"
        self._commands: dict[str, list[str]] = {}
        self._interpreted = home / "interpreted"

    def prepare(self, peer: Peer) -> None:
        """Make its environment. Raises BenchError, StackError."""
        if peer.is_java:
            self._commands[peer.name] = streams_command(self.home / "env")
        elif peer.environment == PROJECT:
            self._commands[peer.name] = [sys.executable, "-m", peer.module]
        else:
            self._commands[peer.name] = [str(environment(peer.environment, self.home / "env")), "-m", peer.module]
        if peer.interpreted:
            self._copy_interpreted()

    def share(self, peer: Peer) -> int:
        """How many events it folds."""
        return max(1, round(self.events * peer.share))

    def run(self, peer: Peer, world: World) -> Run:
        """From an empty group. Raises Refused when it failed, lost or doubled events, or left the cache stale."""
        number, group = self.share(peer), f"fold-{peer.name}-{uuid.uuid4().hex[:8]}"
        if peer.by_hand:
            world.create(list(changelogs(group)), COMPACTED)
        world.warm_cache(number)
        place = self.home / "scratch" / group
        place.mkdir(parents=True)
        told = {
            "FOLD_BROKERS": world.brokers,
            "FOLD_TOPIC": world.topic(number),
            "FOLD_GROUP": group,
            "FOLD_REDIS": world.redis,
            "FOLD_SCHEMA": str(self.schema),
            "FOLD_EVENTS": str(number),
            "FOLD_REGISTRY": world.registry,
            "PYTHONPATH": os.pathsep.join(map(str, (*((self._interpreted,) if peer.interpreted else ()), ROOT))),
        }
        try:
            run = self._figures(peer, place, {**told, **peer.settings})
            refuse_wrong_count(peer.name, run, number)
            if peer.unlinks:
                world.refuse_stale(peer.name, number)
            return run
        finally:
            shutil.rmtree(place, ignore_errors=True)
            world.forget(group)

    def _figures(self, peer: Peer, place: Path, told: dict[str, str]) -> Run:
        log = self.home / "logs" / f"{peer.name}.log"
        log.parent.mkdir(exist_ok=True)
        command = self._commands[peer.name]
        with log.open("wb") as errors:
            try:
                environ = {**os.environ, **told}
                done = subprocess.run(
                    command, cwd=place, env=environ, stdout=subprocess.PIPE, stderr=errors, timeout=DEADLINE_S, check=False
                )
            except subprocess.TimeoutExpired:
                raise Refused(f"{peer.name} did not end within {DEADLINE_S:.0f} s: see {log}") from None
        if done.returncode != 0:
            raise Refused(f"{peer.name} ended with {done.returncode}: see {log}")
        return parse(peer.name, done.stdout.decode(errors="replace"))

    def _copy_interpreted(self) -> None:
        """The SDK without its machine code, found before the installed one."""
        shutil.rmtree(self._interpreted, ignore_errors=True)
        left_out = shutil.ignore_patterns("*.so", ".compiled", "__pycache__")
        shutil.copytree(ROOT / "sdk" / "bookly", self._interpreted / "bookly", ignore=left_out)


def parse(name: str, said: str) -> Run:
    """The figures in the last line of a peer's output. Raises Refused where there are none."""
    try:
        last = said.strip().rpartition("\n")[2]
        return Run(**json.loads(last[last.index("{") :]))  # a framework's spinner may have left its marks before it
    except (ValueError, TypeError):
        raise Refused(f"{name} printed no figures, its last words: {said.strip()[-200:]!r}") from None

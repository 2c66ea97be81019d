"""Writes jars.lock: what the broker consists of, resolved by jgo, with checksums. Needed only when a version changes."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from stack.jars import LOCK
from stack.settings import APICURIO_VERSION, KAFKA_VERSION

_SLF4J = "1.7.36"  # the one that this Kafka logs through; without slf4j-simple beside it the broker is mute
_BROKER = (
    ("org.apache.kafka", "kafka_2.13", KAFKA_VERSION),
    ("org.apache.kafka", "kafka-tools", KAFKA_VERSION),
    ("org.slf4j", "slf4j-simple", _SLF4J),
)
_REGISTRY = ("io.apicurio", "apicurio-registry-app", APICURIO_VERSION)


def write_lock(say: Callable[[str], None]) -> None:
    """Resolve the servers anew and replace jars.lock by what was found."""
    from jgo.maven import MavenContext
    from jgo.parse import Coordinate

    with tempfile.TemporaryDirectory() as repository:
        maven = MavenContext(repo_cache=Path(repository), timeout=60)
        asked = [maven.create_dependency(Coordinate(*coordinates, scope="compile")) for coordinates in _BROKER]
        direct, inherited = maven.resolver.resolve(asked)
        needed = [*direct, *(dependency for dependency in inherited if dependency.scope in ("compile", "runtime"))]
        group, artifact, version = _REGISTRY
        files = {f"{a.groupId}:{a.artifactId}:{a.version}": a for a in (dependency.artifact for dependency in needed)}
        files[f"{group}:{artifact}:{version}:all:tar.gz"] = (
            maven.project(group, artifact).at_version(version).artifact("all", "tar.gz")
        )
        lines = [f"{hashlib.sha256(files[name].resolve().read_bytes()).hexdigest()}  {name}" for name in sorted(files)]
    LOCK.write_text("\n".join(["# Written by `python -m stack lock`; do not edit.", *lines]) + "\n")
    say(f"{LOCK}: {len(lines)} files")

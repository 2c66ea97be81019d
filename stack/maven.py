"""Files from Maven Central by jgo: the only code that knows it, imported only when something must be downloaded."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jgo.maven import MavenContext
from jgo.parse import Coordinate

from stack.errors import NotDownloaded
from stack.jars import LOCK, Jar
from stack.settings import APICURIO_VERSION, KAFKA_VERSION

_STREAMS = 6
_TIMEOUT = 60
_BROKER = (
    ("org.apache.kafka", "kafka_2.13", KAFKA_VERSION),
    ("org.apache.kafka", "kafka-tools", KAFKA_VERSION),
    ("org.slf4j", "slf4j-simple", "1.7.36"),  # this Kafka's logging; without it the broker is mute
)
_REGISTRY = ("io.apicurio", "apicurio-registry-app", APICURIO_VERSION)


def fetch(jars: Iterable[Jar], repository: Path) -> Iterator[tuple[Jar, Path]]:
    """Download the files, several at once. Raises NotDownloaded for one that cannot be had or is not the one we know."""
    with ThreadPoolExecutor(_STREAMS) as streams:
        yield from streams.map(lambda jar: (jar, _fetch(jar, repository)), jars)


def _fetch(jar: Jar, repository: Path) -> Path:
    component = MavenContext(repo_cache=repository, timeout=_TIMEOUT).project(jar.group, jar.artifact).at_version(jar.version)
    try:
        file = component.artifact(jar.classifier, jar.packaging).resolve()
    except (OSError, RuntimeError) as reason:  # jgo raises either: no connection, or no such file
        raise NotDownloaded(
            f"{jar.coordinates} could not be downloaded ({type(reason).__name__}). The first start needs a connection to Maven "
            f"Central, later ones do not; a cache that another machine filled can be named by BOOKLY_CACHE."
        ) from reason
    if hashlib.sha256(file.read_bytes()).hexdigest() != jar.sha256:
        raise NotDownloaded(f"{jar.coordinates} is not the file in stack/jars.lock: its checksum differs. Nothing was kept.")
    return file


def write_lock(say: Callable[[str], None]) -> None:
    """Resolve what the servers consist of, and replace jars.lock by it: needed only when a version changes."""
    with tempfile.TemporaryDirectory() as repository:
        maven = MavenContext(repo_cache=Path(repository), timeout=_TIMEOUT)
        asked = [maven.create_dependency(Coordinate(*coordinates, scope="compile")) for coordinates in _BROKER]
        direct, inherited = maven.resolver.resolve(asked)
        needed = [*direct, *(dependency for dependency in inherited if dependency.scope in ("compile", "runtime"))]
        files = {f"{a.groupId}:{a.artifactId}:{a.version}": a for a in (dependency.artifact for dependency in needed)}
        group, artifact, version = _REGISTRY
        archive = maven.project(group, artifact).at_version(version).artifact("all", "tar.gz")
        files[f"{group}:{artifact}:{version}:all:tar.gz"] = archive
        lines = [f"{hashlib.sha256(files[name].resolve().read_bytes()).hexdigest()}  {name}" for name in sorted(files)]
    LOCK.write_text("\n".join(["# Written by `python -m stack lock`; do not edit.", *lines]) + "\n")
    say(f"{LOCK}: {len(lines)} files")

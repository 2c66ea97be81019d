"""The peers: what each is, what it promises, and how much of the fold it gets through in a quarter of a minute."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

OURS: Final = "ours"
RAW: Final = "raw"
STREAMS: Final = "kafka-streams-eos"
PROJECT: Final = ""  # the environment of the project itself


@dataclass(frozen=True)
class Peer:
    """One way to do the fold. `share` of the events: a slow peer folds fewer, over the same resources and hours.

    `by_hand`: it has no tables, so the bench makes its changelog topics. `interpreted`: with the codec not compiled.
    `unlinks`: it deletes the cache entries, which the bench checks; ours moves their tags' generations (docs/caching.md).
    """

    name: str
    module: str
    environment: str
    guarantee: str
    note: str = ""
    share: float = 1.0
    by_hand: bool = False
    interpreted: bool = False
    unlinks: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_java(self) -> bool:
        return self.module.endswith(".java")


NONE, AT_LEAST, EXACTLY = "none", "at least once", "exactly once"
JAVA = "KafkaStreams.java"
WARM = "one thread, warm, RocksDB, cache 64 MB; decodes to Utf8, not to String"

PEERS: Final = (
    Peer(RAW, "bench.peers.raw", "raw", NONE, "confluent-kafka, fastavro, dictionaries", by_hand=True),
    Peer("raw-generated", "bench.peers.raw_generated", PROJECT, NONE, "the same with our generated decoder", by_hand=True),
    Peer(OURS, "bench.peers.ours", PROJECT, EXACTLY, "the engine, all of it", unlinks=False),
    Peer(
        "ours-interpreted",
        "bench.peers.ours",
        PROJECT,
        EXACTLY,
        "the same, the codec not compiled",
        interpreted=True,
        unlinks=False,
    ),
    Peer(STREAMS, JAVA, "", EXACTLY, f"exactly_once_v2, commit 100 ms; {WARM}", settings={"FOLD_GUARANTEE": "exactly_once_v2"}),
    Peer(
        "kafka-streams-eos-memory",
        JAVA,
        "",
        EXACTLY,
        "the same with tables in memory instead of RocksDB",
        settings={"FOLD_GUARANTEE": "exactly_once_v2", "FOLD_STORE": "memory"},
    ),
    Peer("kafka-streams-alo", JAVA, "", AT_LEAST, f"commit 1 s; {WARM}", settings={"FOLD_GUARANTEE": "at_least_once"}),
    Peer("faststream", "bench.peers.faststream", "faststream", AT_LEAST, "batches; tables and changelog by hand", by_hand=True),
    Peer("arroyo", "bench.peers.arroyo", "arroyo", AT_LEAST, "tables and changelog by hand", by_hand=True),
    Peer("bytewax", "bench.peers.bytewax", "bytewax", AT_LEAST, "SQLite recovery, no changelog on Kafka", share=0.5),
    Peer("quix", "bench.peers.quix", "quix", AT_LEAST, "RocksDB, changelog, commit 5 s", share=0.2),
    Peer("faust-tuned", "bench.peers.faust_tuned", "faust", AT_LEAST, "linger, uvloop, one UNLINK each 1,000", share=0.05),
    Peer("faust-stock", "bench.peers.faust_stock", "faust", AT_LEAST, "as it comes", share=0.02),
)


def chosen(names: list[str]) -> tuple[Peer, ...]:
    """All, or those named. Raises KeyError with the first name that is none."""
    known = {peer.name: peer for peer in PEERS}
    return tuple(known[name] for name in names) if names else PEERS

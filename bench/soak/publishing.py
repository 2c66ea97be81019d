"""The services of the soak, a process of their own: `python -m bench.soak.publishing EVENTS RATE SEED MIDNIGHT`.

It tells in lines of JSON how far it is about once a second, and last of all what must have come of it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import datetime

import psutil

from bench.pacing import due
from bench.soak.life import Life
from bench.soak.population import Population
from bookly import BlockingProducer

TELL_S = 1.0


def main(events: int, rate: float, seed: int, midnight: str) -> None:
    life = Life(Population(midnight=datetime.fromisoformat(midnight)), seed)
    drawn, told = life.events(events), 0.0
    brokers, registry = os.environ["BOOKLY_BROKERS"], os.environ["BOOKLY_REGISTRY"]
    with BlockingProducer(brokers=brokers, registry=registry, source="soak") as producer:
        for number, when in due(rate, events / rate):
            producer.enqueue(next(drawn))
            if (now := time.monotonic()) - told >= TELL_S:
                told = now
                tell({"published": number + 1, "late_s": now - when, "rss_mb": rss_mb()})
        producer.flush()
    changes = [(what, number, count) for (what, number), count in life.changes.items()]
    tell({"published": events, "late_s": 0.0, "rss_mb": rss_mb(), "records": life.records, "changes": changes})


def rss_mb() -> float:
    return round(psutil.Process().memory_info().rss / 2**20, 1)


def tell(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4])

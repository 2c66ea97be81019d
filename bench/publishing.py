"""The paced publisher of bench.latency: `python -m bench.publishing TOPIC RATE SECONDS EVERY NAME`.

Every so many events one is a probe: a resource of its own, NAME-<number>, of which the watcher waits to see the cache emptied.
Prints when each probe was due (time.monotonic), so that being late counts; how late they were sent, and how long after they were
due the broker had them: where that is most of what is measured, the broker is what was measured.
"""

from __future__ import annotations

import json
import sys
import time

from confluent_kafka import Producer

from bench.pacing import due
from bench.reservations import SETTINGS, encoder
from bench.samples import percentile
from bookly.settings import Settings

RESOURCES = 2_000
BUSY, LINGER_MS = (
    1_000,
    5,
)  # above so many events a second they are sent in batches, as services do: else requests fill the broker


def main(topic: str, rate: str, seconds: str, every: str, name: str) -> None:
    settings = Settings.from_environment()
    encoded = encoder(settings.registry)
    others = [(f"room-{n % RESOURCES}", encoded(n, f"room-{n % RESOURCES}", n / 20_000)) for n in range(20_000)]
    events, step = round(float(rate) * float(seconds)), int(every)
    probes = {n: (f"{name}-{n}", encoded(n, f"{name}-{n}", 0.5)) for n in range(0, events, step)}
    producer = Producer(
        {"bootstrap.servers": settings.brokers, "linger.ms": 0, "queue.buffering.max.messages": 500_000, **SETTINGS}
    )
    producer.produce(topic, others[0][1], others[0][0])
    producer.flush()  # so that no counted event waits for a connection and a producer id
    dues: dict[str, float] = {}
    late: list[float] = []
    acknowledged: list[float] = []
    for number, at in due(float(rate), float(seconds)):
        key, value = probes.get(number) or others[number % 20_000]
        if number not in probes:
            producer.produce(topic, value, key)
            continue
        dues[key] = at
        late.append(time.monotonic() - at)
        producer.produce(topic, value, key, on_delivery=lambda *_, at=at: acknowledged.append(time.monotonic() - at))
        producer.poll(0)
    producer.flush()
    lateness = {"late_p99_s": percentile(late, 0.99), "acknowledged_p99_s": percentile(acknowledged, 0.99)}
    sys.stdout.write(json.dumps({"dues": dues, **lateness}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

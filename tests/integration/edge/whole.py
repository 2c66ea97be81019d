"""The whole thing as processes: servers, five workers that answer queries, the API. The way to Redis can be slow."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, Self
from urllib.request import urlopen
from uuid import uuid4

from confluent_kafka import Producer

from api.http.security.keys import new_key
from api.http.security.permissions import NAMES
from bookly.events.resources import ResourceCreated
from bookly.headers import headers_of
from bookly.records import ENCODERS
from bookly.records.resources import ResourceUpdated
from bookly.testing import happened
from bookly.transport import librdkafka_settings
from demo.barrier import Offsets
from stack.ports import free_port
from tests.integration.edge.client import Client
from tests.integration.engine.worlds import prefix_of
from tests.pipeline import eventually
from tests.unit.api.http.tokens import AUDIENCE, EC, ISSUER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from confluent_kafka import Message

    from bookly.records import Record
    from faults.proxy import Proxy
    from tests.pipeline import Pipeline

_names = count(1)


class Api:
    """One API process; its log is kept."""

    def __init__(self, environment: dict[str, str], home: Path) -> None:
        self.port, self.log = free_port(set()), home / "api.log"
        keys = home / "jwks.json"
        keys.write_text(json.dumps({"keys": [EC.as_dict(private=False)]}))
        self.key = new_key(home / "keys.json", "desk", NAMES)
        trust = {"BOOKLY_JWKS": str(keys), "BOOKLY_JWT_ISSUER": ISSUER, "BOOKLY_JWT_AUDIENCE": AUDIENCE}
        self._environment = {**environment, **trust, "BOOKLY_API_KEYS": str(home / "keys.json"), "BOOKLY_RATE_LIMIT": "1000000"}
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "api", "serve", "--port", str(self.port)]
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    def wait_ready(self) -> None:
        eventually(self._ready, f"the API is ready, see {self.log}")

    def end(self) -> int:
        """Ask it to end (SIGTERM); its exit code."""
        self._process.terminate()
        return self._process.wait(30)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _ready(self) -> bool:
        assert self._process.poll() is None, f"the API ended: {self.log.read_text(errors='replace')[-3000:]}"
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


class Whole:
    """What tests of the edge do and see. Each has rooms and users of its own."""

    def __init__(self, pipeline: Pipeline, proxy: Proxy, home: Path) -> None:
        self.pipeline, self.proxy, self.stack = pipeline, proxy, pipeline.stack
        self.offsets = Offsets(self.stack.brokers)
        self.api = Api(pipeline.environment(), home)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.api.kill()

    def client(self, user: str) -> Client:
        """Who may everything."""
        return Client(self.api.port, user)

    def desk(self) -> Client:
        """A service with an API key, that may everything."""
        return Client(self.api.port, "desk", self.api.key)

    def rooms(self, number: int) -> list[str]:
        """So many new ones, known to every worker."""
        names = [f"edge-{next(_names)}" for _ in range(number)]
        for name in names:
            about = ResourceCreated(resource_id=name, name="new", category_id="rooms", capacity=200, max_minutes=600)
            self.pipeline.producer.enqueue(about)
        self.pipeline.producer.flush()
        self.pipeline.wait_until_quiet()
        return names

    def change(self, rooms: Sequence[str], name: str, times: int) -> float:
        """Every room changes so many times, in the end to this name. The seconds from when all of it can be seen to when the
        group has committed the last.
        """
        said = [*(f"{name}, not yet ({number})" for number in range(times - 1)), name]
        with self.transaction(*(ResourceUpdated(room, word, "rooms", 200, 600) for word in said for room in rooms)) as ends:
            pass
        begun = time.monotonic()
        while any(self.offsets.committed("bookly-resources").get(place, 0) <= end for place, end in ends.items()):
            self.pipeline.check_workers()
            assert time.monotonic() - begun < 60, "commits do not go on"
            time.sleep(0.01)  # how far a group is can only be asked
        return time.monotonic() - begun

    @contextmanager
    def transaction(self, *events: Record, abort: bool = False) -> Iterator[dict[tuple[str, int], int]]:
        """Written in the block, and seen all at once when it ends, or never. Gives the last offset of each partition."""
        settings = {**librdkafka_settings(self.stack.brokers), "partitioner": "murmur2_random", "log_level": 2}
        producer = Producer({**settings, "transactional.id": f"edge-{uuid4()}"})
        producer.init_transactions(30)
        producer.begin_transaction()
        ends: dict[tuple[str, int], int] = {}

        def sent(error: object, message: Message) -> None:
            assert error is None, error
            ends[str(message.topic()), message.partition() or 0] = message.offset() or 0

        for event in events:
            self._produce(producer, happened(event), sent)
        producer.flush(60)
        try:
            yield ends
        except BaseException:
            producer.abort_transaction(30)  # else it holds up whoever reads the partition
            raise
        producer.abort_transaction(30) if abort else producer.commit_transaction(30)

    def _produce(self, producer: Producer, event: Record, sent: Callable[[Any, Any], None]) -> None:
        key = str(getattr(event, event.KEY_FIELD))
        value = prefix_of(self.pipeline.registry.schema_id(event.TYPE)) + ENCODERS[type(event)](event)
        producer.produce(event.TOPIC, value, key, headers=dict(headers_of(event.metadata, key)), on_delivery=sent)
        producer.poll(0)

"""Several processes write into the audit trail at once: it stays one chain, and each entry is there once."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest
from confluent_kafka import Producer

from api.console import audit
from bookly.transport import admin_client, librdkafka_settings
from tests.pipeline import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

EACH = 12
WRITER = """
import sys
from api.console.audit import Trail
trail = Trail(sys.argv[1])
for number in range(int(sys.argv[3])):
    trail.write(sys.argv[2], "release", "allowed", {"number": number})
"""


def test_two_processes_that_write_at_once_keep_one_chain(brokers: str) -> None:
    audit.Trail(brokers).write("suite", "release", "allowed")
    names = ("a-writer", "another")
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, brokers, name, str(EACH)], stderr=subprocess.PIPE) for name in names
    ]
    for writer in writers:
        _, said = writer.communicate(timeout=200)
        assert writer.returncode == 0, said.decode()
    audit.Trail(brokers).write("suite", "release", "allowed")  # who begins waits until all before can be read
    records = list(audit.entries(brokers))
    count, _, broken = audit.verified(records)
    assert (count, broken) == (len(records), None)
    told = [msgspec.json.decode(value, type=audit.Entry) for _, value in records]
    for name in names:
        assert [one.about["number"] for one in told if one.who == name] == [str(number) for number in range(EACH)]


def test_a_trail_with_bytes_of_others_in_it_is_shown_and_nothing_is_done_behind_them(
    brokers: str, topic: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "TOPIC", topic(1))  # the real one would be spoilt for all
    eventually(lambda: audit.TOPIC in admin_client(brokers).list_topics(timeout=10).topics, "the topic is shown")
    audit.Trail(brokers).write("suite", "release", "allowed")
    assert audit.last(brokers)[0] <= 1
    producer = Producer({**librdkafka_settings(brokers), "log_level": 2})
    producer.produce(audit.TOPIC, b"not one of ours", partition=0)
    assert producer.flush(30) == 0
    with pytest.raises(audit.NotAudited, match="the newest record of the audit trail is no entry"):
        audit.Trail(brokers).write("suite", "release", "allowed")
    assert audit.entry_of(list(audit.entries(brokers))[-1][1]).outcome == "no entry"
    _, _, broken = audit.verified(audit.entries(brokers))
    assert broken is not None


def test_without_its_topic_nothing_can_be_written_down(brokers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "TOPIC", "bookly.console.nowhere")
    with pytest.raises(audit.NotAudited, match="`make provision` creates it"):
        audit.Trail(brokers).write("suite", "release", "allowed")

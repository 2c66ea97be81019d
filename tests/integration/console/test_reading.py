"""Spans are read to their end and no further, whatever lies at their edges: markers, aborted records, what is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from api.console.found import Span
from api.console.reading import read, spans_of
from api.console.selection import Selection
from bookly.transport import librdkafka_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MANY = 10


@pytest.fixture
def name(brokers: str, topic: Callable[[int], str]) -> str:
    """Ten records without a transaction: the offsets 0 to 9."""
    made = topic(1)
    producer = Producer({**librdkafka_settings(brokers), "log_level": 2})
    for number in range(MANY):
        producer.produce(made, str(number), partition=0)
    assert producer.flush(30) == 0
    return made


def transaction(brokers: str, topic: str, *, keeps: bool) -> None:
    """Two records more, and a marker."""
    producer = Producer({**librdkafka_settings(brokers), "transactional.id": topic, "log_level": 2})
    producer.init_transactions(30)
    producer.begin_transaction()
    for _ in range(2):
        producer.produce(topic, b"kept" if keeps else b"aborted", partition=0)
    producer.flush(30)
    if keeps:
        producer.commit_transaction(30)
    else:
        producer.abort_transaction(30)


def delete(brokers: str, topic: str, before: int) -> None:
    """As retention does."""
    admin = AdminClient({**librdkafka_settings(brokers), "log_level": 2})  # held: a client that is let go of answers nothing
    (done,) = admin.delete_records([TopicPartition(topic, 0, before)]).values()
    assert done.result(30).low_watermark == before


def offsets(brokers: str, spans: Sequence[Span]) -> list[int]:
    """Of what is read; progress has to come to all that the spans hold."""
    went: list[int] = []
    found = [message.offset() for batch in read(brokers, spans, went.append) for message in batch]
    assert sum(went) == sum(span.offsets for span in spans)
    assert min(went, default=0) >= 0
    return found


@pytest.mark.parametrize(
    ("ends", "wanted"),
    [
        ([True], [10, 11]),  # a marker of what was kept at the end
        ([False], []),  # aborted records, and their marker
        ([True, False, False], [10, 11]),
        ([False, True], [13, 14]),
    ],
)
def test_a_span_ends_behind_markers_and_aborted_records(brokers: str, name: str, ends: list[bool], wanted: list[int]) -> None:
    for keeps in ends:
        transaction(brokers, name, keeps=keeps)
    spans = spans_of(brokers, Selection((name,)))
    assert spans == [Span(name, 0, 0, MANY + 3 * len(ends))]
    assert offsets(brokers, spans) == [*range(MANY), *wanted]


@pytest.mark.parametrize("end", [10, 11, 12, 13, 14, 15, 16])
def test_a_span_that_ends_among_them_is_read_to_there(brokers: str, name: str, end: int) -> None:
    transaction(brokers, name, keeps=False)
    transaction(brokers, name, keeps=True)
    kept = [*range(MANY), 13, 14]
    assert offsets(brokers, spans_of(brokers, Selection((name,), end=end))) == [each for each in kept if each < end]
    assert offsets(brokers, [Span(name, 0, 10, end)]) == [each for each in kept if 10 <= each < end]


def test_what_was_deleted_before_spans_were_made_is_none_of_them(brokers: str, name: str) -> None:
    delete(brokers, name, 4)
    spans = spans_of(brokers, Selection((name,), first=1))
    assert spans == [Span(name, 0, 4, MANY)]
    assert offsets(brokers, spans) == [*range(4, MANY)]


@pytest.mark.parametrize(("before", "end"), [(4, 8), (8, 8), (9, 8), (10, 8), (10, 10)])
def test_what_is_deleted_since_is_passed_over(brokers: str, name: str, before: int, end: int) -> None:
    spans = spans_of(brokers, Selection((name,), end=end))
    delete(brokers, name, before)
    assert offsets(brokers, spans) == [*range(before, end)]


def test_a_transaction_that_is_open_ends_what_can_be_read(brokers: str, name: str) -> None:
    producer = Producer({**librdkafka_settings(brokers), "transactional.id": name, "log_level": 2})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(name, b"open", partition=0)
    producer.flush(30)
    try:
        spans = spans_of(brokers, Selection((name,)))
        assert spans == [Span(name, 0, 0, MANY)]
        assert offsets(brokers, spans) == [*range(MANY)]
    finally:
        producer.abort_transaction(30)

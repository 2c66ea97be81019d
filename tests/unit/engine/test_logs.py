"""What a library repeats does not drown what people have to read."""

from __future__ import annotations

import logging
import sys

from agents.engine.logs import Seldom


def record(name: str, at: float, node: int = 1) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.ERROR, __file__, 1, "Unable to connect to node %d", (node,), None)
    made.created = at
    return made


def said(seldom: Seldom, *records: logging.LogRecord) -> list[str]:
    return [each.getMessage() for each in records if seldom.filter(each)]


def test_what_a_library_repeats_is_said_once_in_a_while_and_how_often_it_was() -> None:
    first, again = "Unable to connect to node 1", "Unable to connect to node 1 (and 39 times more since it was said)"
    flood = [record("aiokafka.conn", number / 40) for number in range(40)]
    assert said(Seldom(), *flood, record("aiokafka.conn", 11.0), record("aiokafka.conn", 22.0)) == [first, again, first]


def test_another_librarys_words_and_ours_are_said() -> None:
    seldom = Seldom()
    assert len(said(seldom, record("aiokafka.conn", 1), record("kafka.client", 1), *(record("agents.engine", 1),) * 3)) == 5


def test_an_exception_is_said_each_time() -> None:
    raised = record("aiokafka.conn", 1.0)
    try:
        raise ValueError
    except ValueError:
        raised.exc_info = sys.exc_info()
    assert len(said(Seldom(), raised, raised)) == 2

"""A run counts only when the work was done."""

from __future__ import annotations

import pytest

from bench.errors import Refused
from bench.figures import Run, refuse_wrong_count
from bench.laboratory import parse

GOOD = Run(seconds=2.0, cpu_s=1.0, events=300_000, by_resource=300_000, by_hour=300_000)


def test_a_fold_that_counted_every_event_once_is_taken() -> None:
    refuse_wrong_count("raw", GOOD, 300_000)


@pytest.mark.parametrize("counted", [299_999, 300_001])
def test_a_lost_or_doubled_event_in_either_table_is_refused(counted: int) -> None:
    with pytest.raises(Refused, match=rf"raw counted {counted:,} of 300,000 by resource$"):
        refuse_wrong_count("raw", GOOD._replace(by_resource=counted), 300_000)
    with pytest.raises(Refused, match=rf"raw counted {counted:,} of 300,000 by resource and hour$"):
        refuse_wrong_count("raw", GOOD._replace(by_hour=counted), 300_000)


def test_a_peer_that_names_another_number_of_events_is_refused() -> None:
    with pytest.raises(Refused, match="says that it folded 1 of 300,000"):
        refuse_wrong_count("raw", GOOD._replace(events=1), 300_000)


def test_the_last_line_is_the_figures_whatever_was_printed_before() -> None:
    said = 'starting\n\x08\x1b[?25h{"seconds": 2.0, "cpu_s": 1.0, "events": 3, "by_resource": 3, "by_hour": 3}\n'
    assert parse("ours", said) == Run(2.0, 1.0, 3, 3, 3)


@pytest.mark.parametrize("said", ["", "ready", '{"seconds": 2.0}', '{"seconds": '])
def test_a_peer_without_figures_is_refused_with_its_last_words(said: str) -> None:
    with pytest.raises(Refused, match="quix printed no figures, its last words: "):
        parse("quix", said)

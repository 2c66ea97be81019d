"""docs/caching.md says what is declared."""

from __future__ import annotations

from pathlib import Path

from bookly.cache.documents import insert, invalidation_rows
from bookly.cache.stale import STALE

CACHING = Path(__file__).resolve().parents[3] / "docs" / "caching.md"


def test_the_document_shows_the_present_types_and_map() -> None:
    document = CACHING.read_text(encoding="utf-8")
    assert document == insert(document), "run `python -m bookly.cache.documents docs/caching.md`"


def test_there_is_a_row_for_everything_in_the_map() -> None:
    rows = invalidation_rows()
    assert len(rows) == sum(map(len, STALE.values()))
    assert ("availability", "RESOURCE_DELETED", "all of `avail`", "complete", "") in rows

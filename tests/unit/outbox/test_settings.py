"""Where the outbox is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookly.errors import InvalidSettings
from bookly.outbox import BlockingOutbox
from bookly.outbox.settings import database_from, database_url

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+asyncpg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("sqlite+aiosqlite:///service.db", "sqlite:///service.db"),
    ],
)
def test_the_relay_takes_the_services_url_and_a_driver_of_its_own(given: str, used: str) -> None:
    assert database_url(given).render_as_string() == used


def test_the_url_comes_from_the_environment_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://u:secret@h/d\n", encoding="utf-8")
    assert database_from({"BOOKLY_OUTBOX_DATABASE_FILE": str(file)}) == "postgresql://u:secret@h/d"
    assert database_from({"BOOKLY_OUTBOX_DATABASE": "sqlite:///x"}) == "sqlite:///x"
    with pytest.raises(InvalidSettings, match="both set"):
        database_from({"BOOKLY_OUTBOX_DATABASE_FILE": str(file), "BOOKLY_OUTBOX_DATABASE": "sqlite:///x"})
    with pytest.raises(InvalidSettings, match="cannot be read"):
        database_from({"BOOKLY_OUTBOX_DATABASE_FILE": str(tmp_path / "none")})
    with pytest.raises(InvalidSettings, match="is missing"):
        database_from({})


@pytest.mark.parametrize(
    "url", ["postgresql://u:a@secret:c@h/d", "postgresql://u:a@secret@h/d", "postgresql://u@h:secret/d", "secret"]
)
def test_a_url_that_is_none_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(InvalidSettings, match="it must be like postgresql://") as refused:
        database_url(url)
    assert "secret" not in str(refused.value)
    assert refused.value.__context__ is None or refused.value.__suppress_context__, "nor is what SQLAlchemy says of it"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused_for_a_relay_would_see_another(url: str) -> None:
    with pytest.raises(InvalidSettings, match="is in memory"):
        database_url(url)


def test_an_outbox_is_of_a_service_with_a_name() -> None:
    with pytest.raises(InvalidSettings, match="source is missing"):
        BlockingOutbox(source=" ")

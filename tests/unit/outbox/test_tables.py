"""What the tables themselves promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import NullPool, create_engine, delete, select

from bookly.outbox import METADATA, BlockingOutbox
from bookly.outbox.tables import OUTBOX as TABLE
from tests.unit.outbox.events import status

if TYPE_CHECKING:
    from pathlib import Path


def test_a_number_never_comes_back_so_that_a_late_delete_meets_no_other_event(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'service.db'}", poolclass=NullPool)
    METADATA.create_all(engine)
    numbers: list[int] = []
    for _ in range(3):
        with engine.begin() as connection:
            BlockingOutbox(source="facility-service").write(connection, status("room-1"))
            numbers.append(connection.execute(select(TABLE.c.id)).scalar_one())
        with engine.begin() as connection:
            connection.execute(delete(TABLE))
    assert numbers == [1, 2, 3]

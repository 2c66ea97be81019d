"""What people are told, by the commands and by the document."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from bookly.outbox.tables import METADATA
from bookly.outbox.tables import OUTBOX as TABLE
from tests.integration.outbox.processes import run
from tests.integration.outbox.world import write

if TYPE_CHECKING:
    from tests.integration.outbox.world import Database, World

DOCUMENT = Path(__file__).parents[3] / "docs/outbox.md"


def test_the_documents_service_does_what_the_document_says(world: World) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    environment = {**os.environ, "DATABASE_URL": world.database.blocking}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    world.relay()
    world.wait_until_empty()
    assert [record.key for record in world.read()] == ["room-b204"]


def test_the_tables_are_made_by_a_command_and_the_relay_says_where_they_are_missing(world: World) -> None:
    METADATA.drop_all(world.database.engine)
    refused = run(world.database.url, world.stack, "relay")
    assert refused.returncode == 2
    assert "The database has no table bookly_outbox and no bookly_outbox_lease" in refused.stderr
    assert run(world.database.url, world.stack, "create").returncode == 0
    with world.database.engine.begin() as connection:
        write(connection, 1, "room-1")
    assert run(world.database.url, world.stack, "status").stdout.startswith("1 events wait, the oldest for ")


def test_status_warns_of_an_outbox_that_nobody_publishes(world: World) -> None:
    assert run(world.database.url, world.stack, "status").returncode == 0
    with world.database.engine.begin() as connection:
        write(connection, 1, "room-1")
    assert run(world.database.url, world.stack, "status", "--max-age", "60").returncode == 0
    world.wait_for("it is old", lambda: world.database.measure().age_s > 1)
    assert run(world.database.url, world.stack, "status", "--max-age", "1").returncode == 1


def test_published_events_stay_as_long_as_was_asked_for(world: World) -> None:
    relay = world.relay("--keep", "600")
    with world.database.engine.begin() as connection:
        event_id = write(connection, 1, "room-1")
    world.wait_until_empty()
    assert relay.stop() == 0
    with world.database.engine.begin() as connection:
        kept = connection.execute(select(TABLE)).one()
    assert (kept.event_id, kept.published_at >= kept.written_at) == (event_id, True)
    world.relay("--keep", "0.001")
    world.wait_for("it goes when its time has passed", lambda: not _rows(world.database))
    assert [record.event_id for record in world.read()] == [event_id], "it was not published again"


def _rows(database: Database) -> int:
    with database.engine.begin() as connection:
        return len(connection.execute(select(TABLE.c.id)).all())


def test_no_command_shows_the_password(world: World) -> None:
    for words in (["status"], ["relay"], ["create"]):
        for url in ("mysql://u:secret-word@h/d", "no url of secret-word"):
            done = run(url, world.stack, *words)
            assert done.returncode == 2
            assert done.stderr.startswith("bookly: The outbox's database is ")
            assert "secret-word" not in done.stdout + done.stderr

"""A database with an outbox, and the topics that its events go to."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import NullPool, create_engine, text

from contracts.broker import provision_broker
from contracts.registry import provision_registry
from stack.postgres import postgres
from tests.integration.outbox.world import Database, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stack import Server, Stack


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL of our own. A test that ends it starts it again before it is done."""
    with postgres(tmp_path_factory.mktemp("postgres")) as running:
        yield running


@pytest.fixture(scope="session")
def provisioned(stack: Stack) -> Stack:
    """The stack with every topic of the five domains and every version of every event."""
    provision_broker(stack.brokers, ())
    provision_registry(str(stack.registry))
    return stack


@pytest.fixture
def on_postgresql(postgresql: Server) -> Iterator[Database]:
    """A new database of the server."""
    name = f"outbox_{uuid.uuid4().hex}"
    admin = create_engine(Database(str(postgresql)).blocking, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    database = Database(f"{str(postgresql).rpartition('/')[0]}/{name}", server=postgresql)
    with database.made():
        yield database


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Database]:
    """A new file."""
    database = Database(f"sqlite:///{tmp_path / 'service.db'}")
    with database.made():
        yield database


@pytest.fixture(params=["postgresql", "sqlite"])
def database(request: pytest.FixtureRequest) -> Database:
    """Either: what is promised holds on both."""
    found: Database = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture
def world(database: Database, provisioned: Stack) -> Iterator[World]:
    """Database, broker and registry; alive again after the test, whatever it did to them, and no relay left."""
    with World(database, provisioned).open() as opened:
        yield opened


@pytest.fixture
def postgresql_world(on_postgresql: Database, provisioned: Stack) -> Iterator[World]:
    """The same where PostgreSQL is what matters."""
    with World(on_postgresql, provisioned).open() as opened:
        yield opened


@pytest.fixture
def sqlite_world(on_sqlite: Database, provisioned: Stack) -> Iterator[World]:
    """The same where the file is what matters."""
    with World(on_sqlite, provisioned).open() as opened:
        yield opened

"""The tables that a service's database gets: METADATA goes into its migrations (Alembic takes a list), or `create` makes them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, String, Table, Text, text

METADATA: Final = MetaData()
_NUMBER = BigInteger().with_variant(Integer, "sqlite")  # only an INTEGER counts up by itself there

# Times are microseconds since 1970, as in events: SQLite has no other time that compares.
OUTBOX: Final = Table(
    "bookly_outbox",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("lane", BigInteger, nullable=False, comment="hash of topic and key: events of one lane are published in order"),
    Column("shard", SmallInteger, nullable=False, comment="part of the lanes, which one relay publishes"),
    Column("event_id", String(36), nullable=False),
    Column("event_type", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("headers", Text, nullable=False, comment="JSON, pairs of name and text"),
    Column("subject", Text, nullable=False, comment="of the schema registry"),
    Column("fingerprint", String(16), nullable=False, comment="CRC-64-AVRO of the schema that wrote the body"),
    Column("body", LargeBinary, nullable=False, comment="Avro, without the id that a registry gives the schema"),
    Column("written_at", BigInteger, nullable=False),
    Column("held_until", BigInteger, nullable=False, server_default=text("0"), comment="its lane waits until then"),
    Column("reason", Text, comment="why it is held"),
    Column("published_at", BigInteger, comment="confirmed by the broker; null while it waits"),
    sqlite_autoincrement=True,  # an id that was deleted never comes back: who deletes by it must not meet another event
)
for _name, _column, _where in (
    ("bookly_outbox_waiting", OUTBOX.c.id, OUTBOX.c.published_at.is_(None)),
    ("bookly_outbox_held", OUTBOX.c.lane, OUTBOX.c.reason.is_not(None)),
    ("bookly_outbox_published", OUTBOX.c.published_at, OUTBOX.c.published_at.is_not(None)),
):
    Index(_name, _column, postgresql_where=_where, sqlite_where=_where)

LEASE: Final = Table(
    "bookly_outbox_lease",
    METADATA,
    Column("name", String(16), primary_key=True, comment="one row: whose turn it is to publish from an SQLite file"),
    Column("holder", String(36), nullable=False),
    Column("until", BigInteger, nullable=False),
)

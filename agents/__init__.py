"""Who reacts: one folder a domain, one consumer group, one process. Handlers only; the engine that runs them is beside them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agents.domain import Domain, Subscription

NAMES = ("auth", "resources", "availability", "stockpile", "reports")
ROW_BYTES = 8 * 1024 * 1024  # of the largest row, as JSON; a larger one stops its group
PARTITIONS = 4  # of every topic that agents read, and so of every changelog

# The handlers that the catalogue names: dead letters, metrics and people refer to them, so a new name is a breaking change.
NAMED: Mapping[str, tuple[str, ...]] = {
    "resources": ("count_reservation", "release_usage", "record_check_out"),
    "availability": (
        "confirm_reservation",
        "reject_reservation",
        "block_calendar",
        "update_booking_permissions",
        "sync_resource",
        "cancel_future_reservations",
    ),
    "stockpile": ("open_approval", "close_approval", "grant_approval_permissions", "revoke_approval_permissions"),
    "reports": ("record_demand", "record_usage", "record_maintenance", "record_audit"),
}


@cache
def domains() -> Mapping[str, Domain]:
    """All five, by name."""
    return {name: import_module(f"agents.{name}").DOMAIN for name in NAMES}


def subscriptions() -> tuple[Subscription, ...]:
    """Every (group, event, handler) that there is, for documents."""
    return tuple(subscription for domain in domains().values() for subscription in domain.subscriptions())


def changelogs() -> tuple[tuple[str, int, dict[str, Any]], ...]:
    """The topics that keep the tables, for provisioning: name, partitions, configuration."""
    return tuple(topic for domain in domains().values() for topic in changelogs_of(domain))


def changelogs_of(domain: Domain, partitions: int = PARTITIONS) -> tuple[tuple[str, int, dict[str, Any]], ...]:
    """One for each table, one for the records that wait behind a failed one, and one for the failed ones that were given up."""
    largest = str(ROW_BYTES + 65_536)  # a row with its key
    config = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1", "max.message.bytes": largest}
    names = (*(domain.changelog(table.name) for table in domain.tables), domain.parked, domain.given_up)
    return tuple((name, partitions, config) for name in names)

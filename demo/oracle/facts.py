"""Facts: plain tuples, counted, each in the flow that it belongs to."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

FLOWS = ("reservation_created", "approval_decided", "maintenance_scheduled", "role_assigned", "resource_deleted")
Fact = tuple[Any, ...]
Facts = defaultdict[str, Counter[Fact]]


def no_facts() -> Facts:
    """An empty multiset for each flow that is asked for."""
    return defaultdict(Counter)


def flow_of(event_type: str) -> str:
    """The flow of an event from outside. The rest of a reservation's life counts to the flow that began it."""
    _, entity, action = event_type.split(".")
    if entity == "approval":
        return "approval_decided"
    if entity == "maintenance":
        return "maintenance_scheduled"
    if (entity, action) == ("resource", "deleted"):
        return "resource_deleted"
    return "role_assigned" if event_type.startswith("auth.") else "reservation_created"

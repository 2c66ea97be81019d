"""Resources and categories as the resources group has them: properties, and the status that events of three topics set."""

from __future__ import annotations

from typing import Any

FIELDS = ("name", "category_id", "capacity", "max_minutes")


class Catalogue:
    def __init__(self) -> None:
        self.resources: dict[str, dict[str, Any]] = {}
        self.categories: dict[str, str] = {}
        self._visited: set[tuple[str, str]] = set()

    def see(self, name: str, e: Any) -> None:
        """Any event of resources."""
        if name in {"CategoryCreated", "CategoryUpdated"}:
            self.categories[e.category_id] = e.name
        elif name == "ResourceCreated":
            self.resources.setdefault(e.resource_id, created(e))
        elif (row := self._there(e.resource_id)) is None:
            return
        elif name == "ResourceUpdated":
            row.update({field: getattr(e, field) for field in FIELDS})
        elif name == "ResourceDeleted":
            row["deleted"] = True
        elif name == "ResourceStatusChanged":
            row["status"] = e.status
        elif name == "MaintenanceStarted":
            row["status"] = "UNDER_MAINTENANCE"
        elif name == "MaintenanceCompleted" or (name == "MaintenanceCancelled" and row["status"] == "UNDER_MAINTENANCE"):
            row["status"] = "AVAILABLE"

    def visit(self, name: str, e: Any) -> None:
        """CHECK_IN_COMPLETED and CHECK_OUT_COMPLETED, each once a reservation."""
        row = self._there(e.resource_id)
        if row is not None and (name, e.reservation_id) not in self._visited:
            row["status"] = "IN_USE" if name == "CheckInCompleted" else "AVAILABLE"
        self._visited.add((name, e.reservation_id))

    def _there(self, resource: str) -> dict[str, Any] | None:
        row = self.resources.get(resource)
        return None if row is None or row["deleted"] else row


def created(e: Any) -> dict[str, Any]:
    """The row of a new resource."""
    return {**{field: getattr(e, field) for field in FIELDS}, "status": "AVAILABLE", "deleted": False}

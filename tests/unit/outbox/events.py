"""An event to write."""

from __future__ import annotations

from bookly.events.resources import ResourceStatus, ResourceStatusChanged


def status(key: str) -> ResourceStatusChanged:
    """A valid one of this key."""
    return ResourceStatusChanged(resource_id=key, status=ResourceStatus.AVAILABLE, previous=ResourceStatus.IN_USE)

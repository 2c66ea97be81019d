"""An event to write, and where a relay without servers publishes it."""

from __future__ import annotations

from bookly.events.resources import ResourceStatus, ResourceStatusChanged
from bookly.settings import ProducerArgs

PLACE: ProducerArgs = {"source": "relay", "brokers": "in-memory", "registry": "in-memory"}


def status(key: str) -> ResourceStatusChanged:
    """A valid one of this key."""
    return ResourceStatusChanged(resource_id=key, status=ResourceStatus.AVAILABLE, previous=ResourceStatus.IN_USE)

"""From a URL to the link that it asks for."""

from __future__ import annotations

from typing import Final

from redis.asyncio.connection import parse_url

from bookly.access import redis_access
from bookly.cache.cluster import Cluster
from bookly.cache.link import Link, OneServer
from bookly.errors import InvalidSettings

CLUSTERS: Final = {"redis+cluster": "redis", "rediss+cluster": "rediss"}  # for one of the nodes, be it plain or TLS


def link_to(url: str, limit_s: float) -> Link:
    """Nothing is connected yet. Raises InvalidSettings."""
    try:
        scheme, separator, rest = url.partition("://")
        settings = {**dict(parse_url(CLUSTERS.get(scheme, scheme) + separator + rest)), **redis_access(url)}
        return Cluster(settings, limit_s) if scheme in CLUSTERS else OneServer(settings, limit_s)
    except (AttributeError, TypeError, ValueError):  # its own words would quote a password
        raise InvalidSettings(
            "redis is no URL: it must be like redis://host:6379/0 (rediss://, unix://), or redis+cluster://host:6379 for one of "
            "the nodes of a cluster."
        ) from None

"""What each principal may do in Redis, in the words of its access lists. Pure, as the broker's (see acls.py)."""

from __future__ import annotations

from typing import Final

from contracts.topics import DOMAINS

_CONNECTING: Final = "+info +ping +client|setinfo +client|setname +cluster|info +cluster|nodes"
# Tags, and no entry: a worker says what is stale, and has no business with what is kept.
WORKER: Final = f"~*:gen:* ~*:of:* ~*:all resetchannels -@all +eval +get +set +time {_CONNECTING}"
# Entries, tags, limits and revocations; nothing that lists keys, empties a database or sets the server.
EDGE: Final = (
    "~* resetchannels -@all +get +mget +set +setrange +del +eval +time +incr +pexpire +pttl "
    f"+zadd +zscore +zremrangebyscore {_CONNECTING}"
)


def redis_rights() -> dict[str, str]:
    """By principal. Who is not in it has no business with Redis: the console, and provisioning."""
    return {**dict.fromkeys(DOMAINS, WORKER), "api": EDGE}

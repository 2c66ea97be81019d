"""The names under which entries go stale together.

    own       res:gen:status:{r-1}     this entry alone (granular)
    entity    res:of:resource:{r-1}    all that shows this resource (cascade)
              res:of:lists:{res:all}   all lists: an entity that is there once
    service   res:all                  everything of the service (complete)

A tag is the Redis key of its generation: a number that moves when the tag is made stale. What stands in braces alone says in
which slot of a cluster a key lies: an entry, its own tag and those of its entities share one; so do all that a service has once.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import quote

LONGEST_PART = 128

_search_unsafe = re.compile(r"[^\w.@+,=-]", re.ASCII).search


@lru_cache(maxsize=1 << 15)
def part(value: str) -> str:
    """A key part as it stands in keys and tags. No two values share one: separators are escaped, long values hashed."""
    if len(value) > LONGEST_PART:
        return "~" + blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return quote(value, safe="@+,=", errors="surrogatepass").replace("~", "%7E") if _search_unsafe(value) else value


@lru_cache(maxsize=1 << 15)
def slot(value: str) -> str:
    """A key part that says in which slot the key lies: all that is about one id lies together."""
    return f"{{{part(value)}}}"


def own(key: str) -> str:
    """The tag of one entry, in its slot."""
    service, _, rest = key.partition(":")
    return f"{service}:gen:{rest}" if "{" in rest else f"{service}:gen:{{{key}}}"


def complete(service: str) -> str:
    """The tag that every entry of a service carries."""
    return f"{service}:all"


def complete_of(tag: str) -> str:
    """The complete tag that covers a tag."""
    return complete(tag.partition(":")[0])


class Entity(NamedTuple):
    """What entries show. `by` names the key part that holds its id; an entity without one is there once (all lists)."""

    service: str
    kind: str
    by: str = ""

    @property
    def stem(self) -> str:
        """What its tags begin with, before the slot."""
        return f"{self.service}:of:{self.kind}:"

    def tag(self, *identity: str) -> str:
        """The tag of one entity. Raises ValueError unless exactly the id that it has is given."""
        if len(identity) != bool(self.by):
            raise ValueError(f"{self.service}:{self.kind} takes {int(bool(self.by))} id, {len(identity)} were given")
        return self.stem + (slot(identity[0]) if self.by else f"{{{complete(self.service)}}}")

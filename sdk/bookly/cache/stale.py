"""The one map from events to what they make stale, by the group whose committed tables the entries are read from.

granular: one entry; cascade: all entries that carry a tag, such as everything about one resource; complete: a whole service.
A group makes an entry stale when it commits the event that changed its tables: on the cause, not on the echo of it. What an approval
does not say (whose reservation it was) follows on the echo that does, RESERVATION_CONFIRMED or _REJECTED.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from string import Formatter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from bookly.cache import types
from bookly.cache.types import TYPES, service_tag
from bookly.events import EventType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Reach(StrEnum):
    GRANULAR = "granular"
    CASCADE = "cascade"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Stale:
    """`what` is a cache type, a tag's template or a service; `field` the event's field that fills the template."""

    what: str
    reach: Reach
    field: str = ""

    @property
    def tag(self) -> str:
        """The template of the tag that is moved."""
        if self.reach is Reach.GRANULAR:
            return TYPES[self.what].key
        return self.what if self.reach is Reach.CASCADE else service_tag(self.what)


def _one(what: str, field: str = "") -> Stale:
    return Stale(what, Reach.GRANULAR, field)


def _all(tag: str, field: str = "") -> Stale:
    return Stale(tag, Reach.CASCADE, field)


_E = EventType
_LISTS = _all(types.LISTS)
_SHOWN = (_one("resource", "resource_id"), _one("resource_status", "resource_id"))
_COUNTED = (*_SHOWN, _one("usage", "resource_id"), _LISTS)
_CATEGORY = (_one("category", "category_id"), _one("categories"), _LISTS)
_CALENDAR = _all(types.CALENDAR, "resource_id")
_RESERVATION = _one("reservation", "reservation_id")
_OF_USER = (_RESERVATION, _one("user_reservations", "user_id"))
_BOOKED = (*_OF_USER, _CALENDAR)
_ROLES = (_one("permissions", "user_id"), _one("roles", "user_id"))
_SESSION = (_one("session", "session_id"), _one("user_sessions", "user_id"))
_SIGNED_OUT = (_all(types.USER, "user_id"), _all(types.SESSIONS))

STALE: Final[Mapping[str, Mapping[EventType, tuple[Stale, ...]]]] = MappingProxyType({
    "auth": {
        _E.USER_REGISTERED: (_one("user", "user_id"),),
        _E.USER_UPDATED: (_one("user", "user_id"),),
        _E.USER_DEACTIVATED: _SIGNED_OUT,
        _E.PASSWORD_CHANGED: _SIGNED_OUT,
        _E.USER_LOGGED_IN: _SESSION,
        _E.USER_LOGGED_OUT: _SESSION,
        _E.TWO_FACTOR_ENABLED: (_one("two_factor", "user_id"), _one("user", "user_id")),
        _E.ROLE_ASSIGNED: _ROLES,
        _E.ROLE_REVOKED: _ROLES,
        _E.PERMISSIONS_CHANGED: (_all(types.PERMISSIONS),),
    },
    "stockpile": {_E.ROLE_ASSIGNED: _ROLES, _E.ROLE_REVOKED: _ROLES, _E.PERMISSIONS_CHANGED: (_all(types.PERMISSIONS),)},
    "resources": {
        _E.RESERVATION_CREATED: _COUNTED,
        _E.RESERVATION_CANCELLED: _COUNTED,
        _E.RESERVATION_REJECTED: _COUNTED,
        _E.RESERVATION_EXPIRED: _COUNTED,
        _E.RESERVATION_NO_SHOW: _COUNTED,
        _E.CHECK_IN_COMPLETED: _SHOWN,
        _E.CHECK_OUT_COMPLETED: (*_SHOWN, _one("usage", "resource_id")),
        _E.RESOURCE_CREATED: (_all(types.RESOURCE, "resource_id"), _LISTS),
        _E.RESOURCE_UPDATED: (_all(types.RESOURCE, "resource_id"), _LISTS),
        _E.RESOURCE_DELETED: (_all(types.RESOURCE, "resource_id"), _LISTS),
        _E.RESOURCE_STATUS_CHANGED: (*_SHOWN, _LISTS),
        _E.MAINTENANCE_STARTED: (*_SHOWN, _LISTS),
        _E.MAINTENANCE_COMPLETED: (*_SHOWN, _LISTS),
        _E.MAINTENANCE_CANCELLED: (*_SHOWN, _LISTS),
        _E.CATEGORY_CREATED: _CATEGORY,
        _E.CATEGORY_UPDATED: _CATEGORY,
    },
    "availability": {
        _E.RESERVATION_CREATED: _BOOKED,
        _E.RESERVATION_UPDATED: _BOOKED,
        _E.RESERVATION_CANCELLED: _BOOKED,
        _E.RESERVATION_EXPIRED: _BOOKED,
        _E.RESERVATION_NO_SHOW: _BOOKED,
        _E.RESERVATION_CONFIRMED: _OF_USER,
        _E.RESERVATION_REJECTED: _OF_USER,
        _E.APPROVAL_GRANTED: (_RESERVATION, _CALENDAR),
        _E.APPROVAL_REJECTED: (_RESERVATION, _CALENDAR),
        _E.APPROVAL_EXPIRED: (_RESERVATION, _CALENDAR),
        _E.CHECK_IN_COMPLETED: _BOOKED,
        _E.CHECK_OUT_COMPLETED: _BOOKED,
        _E.WAITLIST_JOINED: (_CALENDAR,),
        _E.WAITLIST_OFFER_EXPIRED: (_CALENDAR,),
        _E.MAINTENANCE_SCHEDULED: (_CALENDAR,),
        _E.MAINTENANCE_COMPLETED: (_CALENDAR,),
        _E.MAINTENANCE_CANCELLED: (_CALENDAR,),
        _E.RESOURCE_CREATED: (_CALENDAR,),
        _E.RESOURCE_UPDATED: (_CALENDAR,),
        _E.RESOURCE_STATUS_CHANGED: (_CALENDAR,),
        _E.RESOURCE_DELETED: (Stale("avail", Reach.COMPLETE),),
        _E.ROLE_ASSIGNED: (_one("user_permissions", "user_id"),),
        _E.ROLE_REVOKED: (_one("user_permissions", "user_id"),),
        _E.PERMISSIONS_CHANGED: (_all(types.BOOKING_PERMISSIONS),),
    },
})


def stale_tags(group: str, event: Any) -> tuple[str, ...]:
    """The tags that an event, a light record, moves when a group has committed it. `group` is the domain's name."""
    return tuple(fill(event) for fill in _fillers(group, event.TYPE))


def invalidation_rows() -> tuple[tuple[str, str, str, str], ...]:
    """(group, event, reach, what) of the whole map, for documents."""
    return tuple(
        (group, event.name, stale.reach.value, stale.what) for group, events in STALE.items() for event, found in events.items() for stale in found
    )


@cache
def _fillers(group: str, event_type: str) -> tuple[Callable[[Any], str], ...]:
    return tuple(_filler(stale) for stale in STALE.get(group, {}).get(EventType(event_type), ()))


def _filler(stale: Stale) -> Callable[[Any], str]:
    literal, field, *rest = next(iter(Formatter().parse(stale.tag)))
    if field is None:
        return lambda _event: literal
    if rest and stale.field == "":
        raise ValueError(f"{stale.tag} needs a field of the event")
    return lambda event: literal + getattr(event, stale.field)

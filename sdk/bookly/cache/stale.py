"""The one map: which event makes what stale, in the group whose committed tables the entries are read from.

An entry goes stale with the *cause*, in the commit that changes the tables, never only with the echo that follows it:
APPROVAL_GRANTED changes the reservation, RESERVATION_CONFIRMED tells of it. Whatever sets a slot free may offer any other slot
of the resource to who waits, so it makes the whole calendar of the resource stale; what only takes a slot, its days and weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from bookly.cache import types
from bookly.cache.tags import Entity
from bookly.cache.types import TYPES, CacheType
from bookly.events import EventType as E

if TYPE_CHECKING:
    from collections.abc import Mapping


class Reach(StrEnum):
    GRANULAR = "granular"  # one entry
    CASCADE = "cascade"  # everything that shows an entity
    COMPLETE = "complete"  # everything of a service


class Span(StrEnum):
    """A key part that the event gives as a slot: one entry for each day or ISO week that it touches."""

    DAYS = "each day from starts_at to ends_at"
    WEEKS = "each ISO week from starts_at to ends_at"


@dataclass(frozen=True, slots=True)
class Stale:
    """`fields` of the event fill the key's parts, or the entity's id. `when`: only if the event has this optional field."""

    target: CacheType | Entity | str
    reach: Reach
    fields: tuple[str | Span, ...] = ()
    when: str | None = None

    @property
    def service(self) -> str:
        return self.target if isinstance(self.target, str) else self.target.service


def _one(name: str, *fields: str | Span) -> Stale:
    return Stale(TYPES[name], Reach.GRANULAR, fields)


def _all(entity: Entity, *fields: str, when: str | None = None) -> Stale:
    return Stale(entity, Reach.CASCADE, fields, when)


_LISTS = _all(types.LISTS)
_STATUS = (_one("resource", "resource_id"), _one("resource_status", "resource_id"), _LISTS)
_COUNTED = (*_STATUS, _one("usage", "resource_id"))
_RESOURCE = (_all(types.RESOURCE, "resource_id"), _LISTS)
_CATEGORY = (_all(types.CATEGORY, "category_id"), _one("categories"), _LISTS)

_CALENDAR = _all(types.CALENDAR, "resource_id")
_SLOT = (_one("availability", "resource_id", Span.DAYS), _one("schedule", "resource_id", Span.WEEKS))
_WAITLIST = _one("waitlist", "resource_id")
_DECIDED = (_all(types.RESERVATION, "reservation_id"), _CALENDAR)
_OF_USER = _one("user_reservations", "user_id")
_ENDED = (*_DECIDED, _OF_USER)
_TAKEN_OFFER = _all(types.CALENDAR, "resource_id", when="waitlist_id")  # its slot, anywhere in the calendar, is free again

_GRANTS = (_one("permissions", "user_id"), _one("roles", "user_id"))
_SIGNED = (_one("session", "session_id"), _all(types.SESSIONS, "user_id"))
_SIGNED_OUT = (_all(types.USER, "user_id"), _all(types.SESSIONS, "user_id"))
_BOOKER = _one("user_permissions", "user_id")

StaleMap: TypeAlias = "Mapping[tuple[str, E], tuple[Stale, ...]]"

STALE: Final[StaleMap] = MappingProxyType(
    {
        ("auth", E.USER_REGISTERED): (_one("user", "user_id"),),
        ("auth", E.USER_UPDATED): (_one("user", "user_id"),),
        ("auth", E.USER_DEACTIVATED): _SIGNED_OUT,
        ("auth", E.USER_LOGGED_IN): _SIGNED,  # it may end the oldest session, whose id it does not say
        ("auth", E.USER_LOGGED_OUT): _SIGNED,
        ("auth", E.PASSWORD_CHANGED): _SIGNED_OUT,
        ("auth", E.TWO_FACTOR_ENABLED): (_one("two_factor", "user_id"), _one("user", "user_id")),
        ("auth", E.ROLE_ASSIGNED): _GRANTS,
        ("auth", E.ROLE_REVOKED): _GRANTS,
        ("auth", E.PERMISSIONS_CHANGED): (_all(types.ROLES),),
        ("stockpile", E.ROLE_ASSIGNED): _GRANTS,
        ("stockpile", E.ROLE_REVOKED): _GRANTS,
        ("stockpile", E.PERMISSIONS_CHANGED): (_all(types.ROLES),),
        ("resources", E.RESOURCE_CREATED): _RESOURCE,  # that there was none may be cached as well
        ("resources", E.RESOURCE_UPDATED): _RESOURCE,
        ("resources", E.RESOURCE_DELETED): _RESOURCE,
        ("resources", E.RESOURCE_STATUS_CHANGED): _STATUS,
        ("resources", E.CATEGORY_CREATED): _CATEGORY,
        ("resources", E.CATEGORY_UPDATED): _CATEGORY,
        ("resources", E.MAINTENANCE_STARTED): _STATUS,
        ("resources", E.MAINTENANCE_COMPLETED): _STATUS,
        ("resources", E.MAINTENANCE_CANCELLED): _STATUS,
        ("resources", E.RESERVATION_CREATED): _COUNTED,
        ("resources", E.RESERVATION_CANCELLED): _COUNTED,
        ("resources", E.RESERVATION_REJECTED): _COUNTED,
        ("resources", E.RESERVATION_EXPIRED): _COUNTED,
        ("resources", E.RESERVATION_NO_SHOW): _COUNTED,
        ("resources", E.CHECK_IN_COMPLETED): _STATUS,
        ("resources", E.CHECK_OUT_COMPLETED): _COUNTED,
        ("availability", E.RESERVATION_CREATED): (
            _all(types.RESERVATION, "reservation_id"),
            _OF_USER,
            *_SLOT,
            _WAITLIST,
            _TAKEN_OFFER,
        ),
        ("availability", E.RESERVATION_UPDATED): _ENDED,  # it does not say which slot it leaves
        ("availability", E.RESERVATION_CANCELLED): _ENDED,
        ("availability", E.RESERVATION_EXPIRED): _ENDED,
        ("availability", E.RESERVATION_NO_SHOW): _ENDED,
        ("availability", E.RESERVATION_CONFIRMED): (
            _OF_USER,
        ),  # echoes: a list of a user's reservations is gathered, and may be gathered late
        ("availability", E.RESERVATION_REJECTED): (_OF_USER,),
        ("availability", E.APPROVAL_GRANTED): _DECIDED,
        ("availability", E.APPROVAL_REJECTED): _DECIDED,
        ("availability", E.APPROVAL_EXPIRED): _DECIDED,
        ("availability", E.CHECK_IN_COMPLETED): _ENDED,
        ("availability", E.CHECK_OUT_COMPLETED): _ENDED,
        ("availability", E.WAITLIST_JOINED): (*_SLOT, _WAITLIST),
        ("availability", E.WAITLIST_OFFER_EXPIRED): (_CALENDAR,),
        ("availability", E.MAINTENANCE_SCHEDULED): _SLOT,
        ("availability", E.MAINTENANCE_COMPLETED): (_CALENDAR,),
        ("availability", E.MAINTENANCE_CANCELLED): (_CALENDAR,),
        ("availability", E.RESOURCE_CREATED): (_CALENDAR,),
        ("availability", E.RESOURCE_UPDATED): (_CALENDAR,),
        ("availability", E.RESOURCE_STATUS_CHANGED): (_CALENDAR,),
        ("availability", E.RESOURCE_DELETED): (
            Stale("avail", Reach.COMPLETE),
        ),  # it ends reservations of users that it does not name
        ("availability", E.ROLE_ASSIGNED): (_BOOKER,),
        ("availability", E.ROLE_REVOKED): (_BOOKER,),
        ("availability", E.PERMISSIONS_CHANGED): (_all(types.BOOKING_ROLES),),
    }
)

_APPROVALS = (E.APPROVAL_REQUESTED, E.APPROVAL_GRANTED, E.APPROVAL_REJECTED, E.APPROVAL_EXPIRED, E.APPROVAL_SUPERSEDED)
_ACCOUNTS = (
    E.USER_REGISTERED,
    E.USER_UPDATED,
    E.USER_DEACTIVATED,
    E.USER_LOGGED_IN,
    E.USER_LOGGED_OUT,
    E.PASSWORD_CHANGED,
    E.TWO_FACTOR_ENABLED,
)
_QUEUES = (E.WAITLIST_JOINED, E.WAITLIST_OFFERED, E.WAITLIST_OFFER_EXPIRED)
_SCHEDULES = (E.SCHEDULE_BLOCKED, E.SCHEDULE_UNBLOCKED, E.SCHEDULE_CONFLICT_DETECTED)

UNAFFECTED: Final[Mapping[str, Mapping[str, tuple[E, ...]]]] = MappingProxyType(
    {
        "auth": {},
        "resources": {
            "a reservation that moves or is confirmed counts as before": (E.RESERVATION_UPDATED, E.RESERVATION_CONFIRMED),
            "resources keeps no calendar: availability does": (*_QUEUES, *_SCHEDULES, E.MAINTENANCE_SCHEDULED),
            "resources keeps no approvals": _APPROVALS,
            "only tells a user": (E.NOTIFICATION_REQUESTED,),
        },
        "availability": {
            "availability's own echo: its calendar changed, and went stale, with the cause": (E.WAITLIST_OFFERED, *_SCHEDULES),
            "only tells a user": (E.NOTIFICATION_REQUESTED,),
            "no reservation changes by it": (E.APPROVAL_REQUESTED, E.APPROVAL_SUPERSEDED),
            "the block entered the calendar when it was scheduled": (E.MAINTENANCE_STARTED,),
            "calendars show no categories": (E.CATEGORY_CREATED, E.CATEGORY_UPDATED),
            "who may book follows from roles alone": _ACCOUNTS,
        },
        "stockpile": {
            "approvals and visits have no cache": (
                *(
                    E.RESERVATION_CREATED,
                    E.RESERVATION_UPDATED,
                    E.RESERVATION_CONFIRMED,
                    E.RESERVATION_REJECTED,
                    E.RESERVATION_CANCELLED,
                ),
                *(E.RESERVATION_EXPIRED, E.RESERVATION_NO_SHOW, E.NOTIFICATION_REQUESTED, *_QUEUES, *_SCHEDULES),
                *(*_APPROVALS, E.CHECK_IN_COMPLETED, E.CHECK_OUT_COMPLETED),
            ),
            "who may approve follows from roles alone": _ACCOUNTS,
        },
    }
)

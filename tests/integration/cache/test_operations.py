"""Each of the 81 operations of the catalogue, on a real Redis: what it promises is seen by what is read after it."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from bookly.cache import OPERATIONS, TYPES, Caches, Hit, Loaded, values

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly.cache import Entries

ROOM = values.Resource(resource_id="r-1", name="Room 1", category_id="c-1", capacity=8, max_minutes=240)
RESERVATION = values.Reservation(
    reservation_id="v-1", resource_id="r-1", user_id="u-1", state="PENDING", starts_at=1, ends_at=2, attendees=3
)
SESSION = values.Session(session_id="s-1", user_id="u-1", opened_at=1, expires_at=2)
CATEGORY = values.Category(category_id="c-1", name="Rooms")
SLOT = values.Slot(starts_at=1, ends_at=2, kind="OFFER", holder="w-1", user_id="u-2")
EXAMPLES: dict[str, tuple[tuple[str, ...], Any]] = {  # parts of a key, and a value
    "session": (("s-1",), SESSION),
    "user_sessions": (("u-1",), (SESSION,)),
    "token": (("j-1",), values.AccessToken(jti="j-1", user_id="u-1", issued_at=1, expires_at=2, session_id="s-1")),
    "revoked": (("j-1",), values.Revocation(jti="j-1", expires_at=2)),
    "permissions": (("u-1",), frozenset({"booking:create"})),
    "roles": (("u-1",), frozenset({"staff", "lab-manager"})),
    "user": (("u-1",), values.User(user_id="u-1", email="ann@example.org", full_name="Ann Example")),
    "two_factor": (("u-1",), values.TwoFactor(method="TOTP")),
    "rate_limit": (("login", "u-1"), values.RateLimit(limit=5, window_s=60)),
    "resource": (("r-1",), ROOM),
    "resource_status": (("r-1",), values.ResourceStatus(status="AVAILABLE")),
    "category": (("c-1",), CATEGORY),
    "categories": ((), (CATEGORY,)),
    "list": (("floor=2",), (ROOM,)),
    "search": (("quiet",), ()),
    "usage": (("r-1",), values.Usage(reserved=2)),
    "availability": (("r-1", "2026-11-24"), (SLOT,)),
    "reservation": (("v-1",), RESERVATION),
    "user_reservations": (("u-1",), (RESERVATION,)),
    "schedule": (("r-1", "2026-W48"), (SLOT,)),
    "waitlist": (("r-1",), (values.Waiting(waitlist_id="w-1", user_id="u-2", starts_at=1, ends_at=2),)),
    "user_permissions": (("u-1",), frozenset({"booking:create"})),
}
SHOWN = {"session": "u-1", "token": "u-1", "resource": "c-1", "user_reservations": "v-1"}


class Called:
    """Notes which operations a test has called."""

    def __init__(self, caches: Caches) -> None:
        self.caches, self.names = caches, Counter[str]()

    def __call__(self, name: str) -> Callable[..., Any]:
        assert name in OPERATIONS
        self.names[name] += 1
        found: Any = self.caches
        for part in name.split("."):
            found = getattr(found, part)
        return found  # type: ignore[no-any-return]

    def entries(self, name: str) -> tuple[str, Entries[Any]]:
        """The type's place among the operations, and its entries."""
        service = next(each.split(".")[0] for each in OPERATIONS if f".{name}." in each)
        return f"{service}.{name}", self.caches.of(TYPES[name])

    async def fill(self, *names: str) -> None:
        """Entries of these types, by their own operations."""
        for name in names:
            parts, value = EXAMPLES[name]
            place, entries = self.entries(name)
            shows = {entity: [SHOWN[name]] for entity in TYPES[name].shows}
            for _ in range(2 if shows else 1):  # of entities that nobody has read yet nothing is known before the second time
                token = await entries.token(*parts)
                assert token is not None
                kept = await self(f"{place}.set")(token, Loaded(value, shows, ttl=60.0))
            assert kept, name
            assert await self(f"{place}.get")(*parts) == Hit(value)

    async def kept(self) -> set[str]:
        """The types of the entries that are current."""
        return {name for name, (parts, _) in EXAMPLES.items() if await self.caches.of(TYPES[name]).get(*parts) is not None}


@pytest.fixture
def called(caches: Caches) -> Called:
    return Called(caches)


async def types_are_set_read_and_made_stale(called: Called) -> None:
    await called.fill(*EXAMPLES)
    left = set(EXAMPLES)
    for name, (parts, _) in EXAMPLES.items():
        place, _ = called.entries(name)
        await called(f"{place}.invalidate")(*parts)
        left.remove(name)
        assert await called.kept() == left


async def compound_invalidations_reach_what_they_say(called: Called) -> None:
    lists = {"list", "search"}
    of_resource = {"resource", "resource_status", "usage"}
    calendar = {"availability", "schedule", "waitlist"}
    everything = {each.name for each in TYPES.values() if each.service == "avail"}
    accounts = {"session", "user_sessions", "token", "permissions", "roles", "user", "two_factor"}
    for name, argument, stale in (
        ("auth.invalidate_user", ("u-1",), accounts),
        ("resources.invalidate_resource", ("r-1",), of_resource | lists),
        ("resources.invalidate_category", ("c-1",), {"category", "resource"} | lists),
        ("resources.invalidate_lists", (), lists),
        ("resources.invalidate_all", (), {each.name for each in TYPES.values() if each.service == "res"}),
        ("availability.invalidate_reservation", ("v-1",), {"reservation", "user_reservations"}),
        ("availability.invalidate_calendar", ("r-1",), calendar),
        ("availability.invalidate_user", ("u-1",), {"user_reservations", "user_permissions"}),
        ("availability.invalidate_resource", ("r-1",), everything),
    ):
        await called.fill(*EXAMPLES)
        await called(name)(*argument)
        assert await called.kept() == set(EXAMPLES) - stale, name


async def many_are_read_at_once(called: Called) -> None:
    await called.fill("resource", "reservation")
    assert await called("resources.get_many")(["r-1", "r-2"]) == {"r-1": ROOM}
    assert await called("availability.get_many")(["v-2", "v-1"]) == {"v-1": RESERVATION}


async def redis_decides(called: Called) -> None:
    hit, reset = called("auth.hit_rate_limit"), called("auth.reset_rate_limit")
    assert (await hit("login", "u-1", limit=1, window_s=60)).allowed
    assert not (await hit("login", "u-1", limit=1, window_s=60)).allowed
    await reset("login", "u-1")
    assert (await hit("login", "u-1", limit=1, window_s=60)).allowed
    assert not await called("auth.is_token_revoked")("j-1")
    await called("auth.revoke_token")("j-1", time.time() + 60)
    assert await called("auth.is_token_revoked")("j-1")


async def test_every_one_of_the_81_operations_does_what_it_says(called: Called) -> None:
    await types_are_set_read_and_made_stale(called)
    await compound_invalidations_reach_what_they_say(called)
    await many_are_read_at_once(called)
    await redis_decides(called)
    assert set(called.names) == set(OPERATIONS)
    assert len(called.names) == 81

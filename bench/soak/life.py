"""What happens to a population for ever: legal events on all topics that leave as many rows as they found."""

from __future__ import annotations

from collections import Counter, deque
from random import Random
from typing import TYPE_CHECKING

from bench.soak.population import AHEAD, HOURS, VISITED, numbered
from bookly.contract import contract_of
from bookly.events.auth import LoginMethod, RoleAssigned, RoleRevoked, UserLoggedIn, UserLoggedOut, UserUpdated
from bookly.events.resources import CategoryUpdated, ResourceStatus, ResourceStatusChanged
from bookly.events.stockpile import ApprovalRejected
from bookly.records.availability import NotificationRequested, ScheduleConflictDetected
from bookly.records.stockpile import ApprovalSuperseded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.soak.population import Population
    from bookly._event import Event

SESSIONS = 3  # open ones of a user; who has more signs out of the oldest
SCOPES = ("library", "physics", "sports")
STATUSES = (ResourceStatus.AVAILABLE, ResourceStatus.IN_USE, ResourceStatus.UNDER_MAINTENANCE)  # in each of them moves go on
DRAWN = 1_000  # at once


class Life:
    """Draws events, and keeps a number or two for each key of what they must lead to: as much after millions as at the start."""

    def __init__(self, population: Population, seed: int) -> None:
        self.of, self._rng = population, Random(seed)  # noqa: S311  # a seed is what is wanted
        self.records: Counter[str] = Counter()  # by event type, what agents must emit because of them included
        self.changes: Counter[tuple[str, int]] = Counter()  # by what is changed and its number
        self._sessions: dict[int, deque[int]] = {}
        self._scopes: dict[int, str] = {}
        self._hours: dict[int, int] = {}

    def events(self, number: int) -> Iterator[Event]:
        """So many. Who draws one publishes it."""
        weights = {  # in percent
            self._sign: 26,
            self._profile: 8,
            self._role: 4,
            self._permissions: 2,
            self._status: 14,
            self._rename: 6,
            self._category: 1,
            self._move: 28,
            self._collide: 2,
            self._decide_late: 4,
            self._check_in_again: 5,
        }
        acts, shares = list(weights), list(weights.values())
        for first in range(0, number, DRAWN):
            for act in self._rng.choices(acts, shares, k=min(DRAWN, number - first)):
                event = act()
                self.records[contract_of(type(event)).type] += 1
                yield event

    def _sign(self) -> Event:
        number = self._rng.randrange(self.of.users)
        user, sessions = self.of.user(number), self._sessions.setdefault(number, deque())
        if len(sessions) == SESSIONS:
            return UserLoggedOut(user_id=user, session_id=numbered(user, sessions.popleft()))
        sessions.append(self._change("session", number))
        return UserLoggedIn(
            user_id=user,
            session_id=numbered(user, sessions[-1]),
            ip="192.0.2.1",
            method=LoginMethod.PASSWORD,
            expires_at=self.of.midnight + AHEAD,
        )

    def _profile(self) -> Event:
        number = self._rng.randrange(self.of.users)
        user, name = self.of.user(number), numbered("name", self._change("profile", number))
        return UserUpdated(user_id=user, email=f"{user}@example.org", full_name=name)

    def _role(self) -> Event:
        number = self._rng.randrange(self.of.users)
        user, role, held = self.of.user(number), self.of.role(number % self.of.roles), self._scopes.pop(number, None)
        if held is not None:
            return RoleRevoked(user_id=user, role=role, scope=held, revoked_by="soak")
        scope = self._scopes[number] = self._rng.choice(SCOPES)
        allowed = ["approval:decide", "booking:create"]
        return RoleAssigned(user_id=user, role=role, scope=scope, permissions=allowed, assigned_by="soak")

    def _permissions(self) -> Event:
        number = self._rng.randrange(self.of.roles)
        return self.of.permissions(number, self._change("permissions", number))

    def _status(self) -> Event:
        status, previous = self._rng.choice(STATUSES), self._rng.choice(STATUSES)
        return ResourceStatusChanged(resource_id=self.of.room(self._any_room()), status=status, previous=previous)

    def _rename(self) -> Event:
        number = self._any_room()
        return self.of.renamed(number, self._change("name", number))

    def _category(self) -> Event:
        number = self._rng.randrange(self.of.categories)
        return CategoryUpdated(category_id=self.of.category(number), name=numbered("category", self._change("category", number)))

    def _move(self) -> Event:
        """To another hour of its own day: it meets nobody."""
        number = self._moving()
        hour = self._hours[number] = (self._hours.get(number, 0) + self._rng.randrange(1, HOURS)) % HOURS
        self._change("move", number)
        return self.of.moved(number, self.of.slot(number, hour))

    def _collide(self) -> Event:
        """To where a neighbour is: refused, told as a conflict, and its user is notified."""
        number = self._moving()
        others = self.of.reservations - 1
        neighbour = number - number % self.of.reservations + number % self.of.reservations % others + 1
        self.records.update((ScheduleConflictDetected.TYPE, NotificationRequested.TYPE))
        return self.of.moved(number, self.of.slot(neighbour, self._hours.get(neighbour, 0)))

    def _decide_late(self) -> Event:
        """On what was granted long ago: whoever decides is told what stands."""
        number = self._moving()
        reservation = self.of.reservation(number)
        self.records[ApprovalSuperseded.TYPE] += 1
        return ApprovalRejected(
            approval_id=f"apr-{reservation}",
            reservation_id=reservation,
            resource_id=self.of.room_of(number),
            expected_version=1,
            decided_by="soak",
            reason="too late",
        )

    def _check_in_again(self) -> Event:
        """A client says again what it said long ago: a repeat for each group."""
        return self.of.check_in(self._any_room())

    def _any_room(self) -> int:
        return self._rng.randrange(self.of.resources)

    def _moving(self) -> int:
        return self._any_room() * self.of.reservations + self._rng.randrange(VISITED + 1, self.of.reservations)

    def _change(self, what: str, number: int) -> int:
        self.changes[what, number] += 1
        return self.changes[what, number]

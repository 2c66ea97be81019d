"""What staff do: open the university, assign roles, decide on approvals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookly.events.auth import PermissionsChanged, RoleAssigned, RoleRevoked
from bookly.events.resources import CategoryCreated, CategoryUpdated, ResourceCreated
from bookly.events.stockpile import ApprovalExpired, ApprovalGranted, ApprovalRejected
from demo.accounts import Accounts
from demo.university import CATEGORIES, ROLES

if TYPE_CHECKING:
    from bookly._event import Event
    from bookly.records.stockpile import ApprovalRequested
    from demo.known import Known
    from demo.university import University

ADMIN = "u-admin"


class Staff:
    def __init__(self, university: University) -> None:
        self._university, self._rng = university, university.rng
        self._accounts = Accounts(university)
        self._held: list[tuple[str, str, str]] = []

    def opening(self) -> list[tuple[Event, str]]:
        """Users with their first roles, categories, resources."""
        events: list[tuple[Event, str]] = [
            (PermissionsChanged(role=role, permissions=list(names), changed_by=ADMIN), ADMIN) for role, names in ROLES.items()
        ]
        events += [(CategoryCreated(category_id=category, name=category.title()), ADMIN) for category in CATEGORIES]
        for place in self._university.places:
            name = place.resource_id.replace("-", " ").title()
            resource = ResourceCreated(
                resource_id=place.resource_id,
                name=name,
                category_id=place.category_id,
                capacity=place.capacity,
                max_minutes=place.max_minutes,
            )
            events.append((resource, ADMIN))
        for user in self._university.users:
            events.append(self._accounts.registered(user))
            events.append((self._assign(user), ADMIN))
        return events

    def comings_and_goings(self) -> list[tuple[Event, str]]:
        """People sign in; some get a role, some lose one; a role may do other things; a category gets another name."""
        count = len(self._university.users)
        events = self._accounts.a_day()
        events += [(self._assign(self._university.user()), ADMIN) for _ in range(max(1, count // 60))]
        for _ in range(max(1, count // 120)):
            user, role, scope = self._rng.choice(self._held)
            events.append((RoleRevoked(user_id=user, role=role, scope=scope, revoked_by=ADMIN), ADMIN))
        role = self._rng.choice(list(ROLES))
        events.append((PermissionsChanged(role=role, permissions=self._some(role), changed_by=ADMIN), ADMIN))
        category = self._rng.choice(list(CATEGORIES))
        events.append((CategoryUpdated(category_id=category, name=f"{category.title()} of the campus"), ADMIN))
        return events

    def decisions(self, known: Known) -> list[tuple[Event, str]]:
        """Most requests are decided the same day; now and then two people decide, and the second is too late."""
        requests, known.requested = known.requested, []
        decided: list[tuple[Event, str]] = []
        for request in requests:
            if self._rng.random() < 0.1:
                known.requested.append(request)
                continue
            decided.append(self._decision(request))
            if self._rng.random() < 0.05:
                decided.append(self._decision(request))
        return decided

    def _decision(self, request: ApprovalRequested) -> tuple[Event, str]:
        approver = self._university.user()
        about: dict[str, Any] = {
            "approval_id": request.approval_id,
            "reservation_id": request.reservation_id,
            "resource_id": request.resource_id,
            "expected_version": request.version,
        }
        chance = self._rng.random()
        if chance < 0.82:
            return ApprovalGranted(**about, automatic=False, decided_by=approver), approver
        if chance < 0.95:
            return ApprovalRejected(**about, decided_by=approver, reason="exam week"), approver
        return ApprovalExpired(**about), "clock"

    def _assign(self, user: str) -> RoleAssigned:
        role = self._rng.choices(list(ROLES), (80, 15, 3, 2))[0]
        scope = self._rng.choice(("*", *CATEGORIES)) if role != "student" else "*"
        self._held.append((user, role, scope))
        return RoleAssigned(user_id=user, role=role, scope=scope, permissions=self._some(role), assigned_by=ADMIN)

    def _some(self, role: str) -> list[str]:
        names = ROLES[role]
        return list(names[: self._rng.randint(1, len(names))])

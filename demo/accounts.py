"""What people do with their accounts: sign in and out, change profile, password and second factor, leave."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bookly.events.auth import (
    LoginMethod,
    PasswordChanged,
    TwoFactorEnabled,
    TwoFactorMethod,
    UserDeactivated,
    UserLoggedIn,
    UserLoggedOut,
    UserRegistered,
    UserUpdated,
)
from demo.university import MONDAY

if TYPE_CHECKING:
    from bookly._event import Event
    from demo.university import University

REGISTRAR = "u-registrar"
DEPARTMENTS = ("physics", "history", "medicine", "law", None)


class Accounts:
    def __init__(self, university: University) -> None:
        self._users, self._rng = university.users, university.rng
        self._sessions = 0

    def registered(self, user: str) -> tuple[Event, str]:
        mail, name = f"{user}@uni.example", f"Person {user[2:]}"
        return UserRegistered(user_id=user, email=mail, full_name=name, department=self._rng.choice(DEPARTMENTS)), user

    def a_day(self) -> list[tuple[Event, str]]:
        """A quarter of the users sign in, half of those sign out again, a few change something, one leaves."""
        here = self._rng.sample(self._users, len(self._users) // 4)
        events: list[tuple[Event, str]] = []
        for user in here:
            session, signs_out = self._signs_in(user)
            events.append((session, user))
            if signs_out:
                events.append((UserLoggedOut(user_id=user, session_id=session.session_id), user))
        few = max(1, len(here) // 50)
        events += [(PasswordChanged(user_id=user, changed_by=user), user) for user in here[:few]]
        events += [(TwoFactorEnabled(user_id=user, method=TwoFactorMethod.APP), user) for user in here[few : 2 * few]]
        events += [(self._moved(user), user) for user in here[2 * few : 3 * few]]
        events.append((UserDeactivated(user_id=here[-1], reason="left the university", deactivated_by=REGISTRAR), REGISTRAR))
        return events

    def _signs_in(self, user: str) -> tuple[UserLoggedIn, bool]:
        self._sessions += 1
        session = UserLoggedIn(
            user_id=user,
            session_id=f"ses-{self._sessions:06d}",
            ip=f"198.51.100.{self._rng.randint(1, 254)}",
            method=LoginMethod.SINGLE_SIGN_ON,
            expires_at=MONDAY + timedelta(days=8),
            device=self._rng.choice(("phone", "laptop", None)),
        )
        return session, self._rng.random() < 0.5

    def _moved(self, user: str) -> UserUpdated:
        return UserUpdated(user_id=user, email=f"{user}@uni.example", full_name=f"Person {user[2:]}", department="new institute")

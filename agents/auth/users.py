"""Accounts: who exists, and how they sign in."""

from __future__ import annotations

from msgspec.structs import replace

from agents.auth.tables import SESSIONS_KEPT, AuthState, Session, Sessions, User
from bookly.records.auth import (
    PasswordChanged,
    TwoFactorEnabled,
    UserDeactivated,
    UserLoggedIn,
    UserLoggedOut,
    UserRegistered,
    UserUpdated,
)


def register_user(event: UserRegistered, state: AuthState) -> None:
    """An account is opened once; a second registration of the same id is a repeat."""
    if event.user_id in state.users:
        state.repeat()
        return
    state.users[event.user_id] = User(event.email, event.full_name, event.department)


def update_user(event: UserUpdated, state: AuthState) -> None:
    """The profile shows what the user last said; an account that is not known cannot be changed."""
    user = state.users.get(event.user_id)
    if user is None:
        state.repeat()
        return
    state.users[event.user_id] = replace(user, email=event.email, full_name=event.full_name, department=event.department)


def deactivate_user(event: UserDeactivated, state: AuthState) -> None:
    """A closed account has no sessions left."""
    user = state.users.get(event.user_id)
    if user is None or not user.active:
        state.repeat()
        return
    state.users[event.user_id] = replace(user, active=False)
    _end_sessions(event.user_id, state)


def open_session(event: UserLoggedIn, state: AuthState) -> None:
    """Sessions can be rebuilt from the events: Redis is never their home."""
    sessions = state.sessions.get(event.user_id, Sessions()).open
    if any(session.session_id == event.session_id for session in sessions):
        state.repeat()
        return
    opened = Session(event.session_id, event.metadata.occurred_at, event.expires_at)
    current = [session for session in sessions if session.expires_at > event.metadata.occurred_at]
    state.sessions[event.user_id] = Sessions((*current, opened)[-SESSIONS_KEPT:])


def close_session(event: UserLoggedOut, state: AuthState) -> None:
    """The session ends before its time; one that is not open is a repeat."""
    sessions = state.sessions.get(event.user_id, Sessions()).open
    left = tuple(session for session in sessions if session.session_id != event.session_id)
    if len(left) == len(sessions):
        state.repeat()
        return
    if left:
        state.sessions[event.user_id] = Sessions(left)
    else:
        del state.sessions[event.user_id]


def change_password(event: PasswordChanged, state: AuthState) -> None:
    """A new password ends all sessions that the old one opened."""
    user = state.users.get(event.user_id)
    if user is None or user.password_changed_at == event.metadata.occurred_at:
        state.repeat()
        return
    state.users[event.user_id] = replace(user, password_changed_at=event.metadata.occurred_at)
    _end_sessions(event.user_id, state)


def enable_two_factor(event: TwoFactorEnabled, state: AuthState) -> None:
    """From now on a sign-in asks for the second factor."""
    user = state.users.get(event.user_id)
    if user is None or user.two_factor == event.method:
        state.repeat()
        return
    state.users[event.user_id] = replace(user, two_factor=event.method)


def _end_sessions(user_id: str, state: AuthState) -> None:
    if user_id in state.sessions:
        del state.sessions[user_id]

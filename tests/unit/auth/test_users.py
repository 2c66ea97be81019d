"""Accounts, sessions and roles as auth keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.auth import DOMAIN
from agents.auth.tables import SESSIONS_KEPT
from bookly.records.auth import (
    PasswordChanged,
    TwoFactorEnabled,
    UserDeactivated,
    UserLoggedIn,
    UserLoggedOut,
    UserRegistered,
    UserUpdated,
)
from bookly.testing import DomainBench, given
from tests.unit.clock import at, hour
from tests.unit.facts import role_assigned, role_changed, role_revoked

if TYPE_CHECKING:
    from bookly.records import Record


def ann() -> UserRegistered:
    return UserRegistered("ann", "ann@example.org", "Ann", "Physics")


def login(session: str, until: float = 8) -> UserLoggedIn:
    return UserLoggedIn("ann", session, "192.0.2.1", "PASSWORD", hour(until))


def sessions(then: DomainBench) -> list[str]:
    row = then.row("sessions", "ann")
    return [session.session_id for session in row.open] if row else []


def test_an_account_is_opened_once_and_shows_what_was_last_said() -> None:
    then = given(DOMAIN).when(
        ann(), UserRegistered("ann", "x", "X"), UserUpdated("ann", "ann@example.org", "Dr Ann", "Chemistry")
    )
    row = then.row("users", "ann")
    assert (row.email, row.full_name, row.department, row.active, then.repeats) == (
        "ann@example.org",
        "Dr Ann",
        "Chemistry",
        True,
        1,
    )


def test_of_an_account_that_is_not_known_nothing_is_kept() -> None:
    strange: list[Record] = [
        UserUpdated("ann", "x", "X"),
        UserDeactivated("ann", "hr"),
        PasswordChanged("ann", "ann"),
        TwoFactorEnabled("ann", "APP"),
    ]
    then = given(DOMAIN).when(*strange)
    assert (then.repeats, then.tables["users"]) == (4, {})


def test_a_closed_account_has_no_sessions_and_closes_once() -> None:
    then = given(DOMAIN, ann(), login("s-1")).when(UserDeactivated("ann", "hr"), UserDeactivated("ann", "hr"))
    assert (then.row("users", "ann").active, sessions(then), then.repeats) == (False, [], 1)


def test_a_session_opens_and_closes_once() -> None:
    then = given(DOMAIN, ann()).when(login("s-1"), login("s-2"), login("s-1"))
    assert (sessions(then), then.repeats) == (["s-1", "s-2"], 1)
    closed = then.when(UserLoggedOut("ann", "s-1"), UserLoggedOut("ann", "s-1"))
    assert (sessions(closed), closed.repeats) == (["s-2"], 1)
    assert closed.when(UserLoggedOut("ann", "s-2")).tables["sessions"] == {}


def test_sessions_that_ended_by_themselves_go_with_the_next_login() -> None:
    assert sessions(given(DOMAIN, ann(), login("s-1", until=2)).when(at(2, login("s-2", until=10)))) == ["s-2"]


def test_the_oldest_sessions_go_first() -> None:
    then = given(DOMAIN, ann()).when(*(login(f"s-{number}") for number in range(SESSIONS_KEPT + 2)))
    assert (len(sessions(then)), sessions(then)[0]) == (SESSIONS_KEPT, "s-2")


def test_a_new_password_ends_the_sessions_of_the_old_one_and_only_those() -> None:
    change = at(1, PasswordChanged("ann", "ann"))
    changed = given(DOMAIN, ann(), login("s-1")).when(change)
    assert (sessions(changed), changed.row("users", "ann").password_changed_at) == ([], hour(1))
    again = changed.when(at(2, login("s-2"))).when(change)
    assert (sessions(again), again.repeats) == (["s-2"], 1)


def test_a_second_factor_is_switched_on_once() -> None:
    then = given(DOMAIN, ann()).when(TwoFactorEnabled("ann", "APP"), TwoFactorEnabled("ann", "APP"))
    assert (then.row("users", "ann").two_factor, then.repeats) == ("APP", 1)


def test_auth_keeps_all_permissions_of_a_role() -> None:
    held = given(DOMAIN).when(role_assigned("ann", "dean", "approval:decide", "booking:x"), role_changed("dean", "booking:y"))
    assert held.row("grants", "ann").grants[0].permissions == ("approval:decide", "booking:x")
    assert held.row("roles", "dean").permissions == ("booking:y",)
    gone = held.when(role_revoked("ann", "dean"), role_revoked("ann", "dean"))
    assert (gone.tables["grants"], gone.repeats) == ({}, 1)

"""Who may book (flow 4): of each grant the booking permissions."""

from __future__ import annotations

from agents.availability import DOMAIN
from bookly.testing import DomainBench, given
from tests.unit.facts import role_assigned, role_changed, role_revoked


def grants(then: DomainBench, user: str = "ann") -> list[tuple[str, str, tuple[str, ...]]]:
    row = then.row("permissions", user)
    return [(grant.role, grant.scope, grant.permissions) for grant in row.grants] if row else []


def test_a_role_brings_its_booking_permissions_and_no_others() -> None:
    then = given(DOMAIN).when(role_assigned("ann", "teacher", "booking:create", "approval:decide", "booking:cancel"))
    assert grants(then) == [("teacher", "*", ("booking:create", "booking:cancel"))]


def test_a_role_without_booking_permissions_is_held_too_so_that_it_can_be_revoked() -> None:
    held = given(DOMAIN).when(role_assigned("ann", "approver", "approval:decide"))
    assert grants(held) == [("approver", "*", ())]
    assert held.when(role_revoked("ann", "approver")).repeats == 0


def test_the_same_role_in_the_same_scope_is_replaced_and_in_another_added() -> None:
    first = role_assigned("ann", "teacher", "booking:create", scope="labs")
    then = given(DOMAIN, first).when(
        role_assigned("ann", "teacher", scope="labs"), role_assigned("ann", "teacher", "booking:x", scope="art")
    )
    assert grants(then) == [("teacher", "art", ("booking:x",)), ("teacher", "labs", ())]


def test_only_the_role_in_this_scope_is_revoked() -> None:
    both = given(DOMAIN, role_assigned("ann", "teacher", scope="labs"), role_assigned("ann", "teacher", scope="art"))
    assert grants(both.when(role_revoked("ann", "teacher", "labs"))) == [("teacher", "art", ())]


def test_with_the_last_role_goes_the_row() -> None:
    assert given(DOMAIN, role_assigned("ann", "teacher")).when(role_revoked("ann", "teacher")).tables["permissions"] == {}


def test_what_is_not_held_cannot_be_revoked() -> None:
    then = given(DOMAIN, role_assigned("ann", "teacher")).when(
        role_revoked("ann", "teacher", "labs"), role_revoked("bob", "teacher")
    )
    assert (then.repeats, len(grants(then))) == (2, 1)


def test_what_a_role_brings_is_kept_by_role() -> None:
    then = given(DOMAIN, role_assigned("ann", "teacher", "booking:create")).when(
        role_changed("teacher", "booking:x", "approval:y")
    )
    assert then.row("role_permissions", "teacher").permissions == ("booking:x",)
    assert grants(then) == [("teacher", "*", ("booking:create",))]

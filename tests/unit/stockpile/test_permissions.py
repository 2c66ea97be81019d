"""Who may decide on approvals (flow 4): of each grant the approval permissions."""

from __future__ import annotations

from agents.stockpile import DOMAIN
from bookly.testing import given
from tests.unit.facts import role_assigned, role_changed, role_revoked


def test_a_role_brings_its_approval_permissions_and_no_others() -> None:
    (grant,) = given(DOMAIN).when(role_assigned("ann", "dean", "approval:decide", "booking:x")).row("permissions", "ann").grants
    assert (grant.role, grant.permissions) == ("dean", ("approval:decide",))


def test_a_revoked_role_takes_them_away_once() -> None:
    then = given(DOMAIN, role_assigned("ann", "dean", "approval:decide")).when(
        role_revoked("ann", "dean"), role_revoked("ann", "dean")
    )
    assert (then.tables["permissions"], then.repeats) == ({}, 1)


def test_what_a_role_brings_is_kept_by_role() -> None:
    then = given(DOMAIN).when(role_changed("dean", "approval:decide", "booking:x"))
    assert then.row("role_permissions", "dean").permissions == ("approval:decide",)

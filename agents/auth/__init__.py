"""auth: accounts, sessions, roles."""

from agents.auth import roles, users
from agents.auth.tables import AuthState
from agents.domain import Domain

DOMAIN = Domain.of(
    "auth",
    AuthState,
    (
        users.register_user,
        users.update_user,
        users.deactivate_user,
        users.open_session,
        users.close_session,
        users.change_password,
        users.enable_two_factor,
        roles.grant_role,
        roles.withdraw_role,
        roles.change_role_permissions,
    ),
)

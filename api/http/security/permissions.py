"""What each part of the API needs, as data. A route names one of these; without one the app does not start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Need:
    """`wide` is enough for anybody's things; one of `narrow` only for what it says: one's own, or one domain."""

    wide: str
    narrow: tuple[str, ...]
    to: str

    def met_by(self, permissions: frozenset[str]) -> bool:
        """Whether the door opens. What is behind it may ask for more: Asker.must_own."""
        return self.wide in permissions or not permissions.isdisjoint(self.narrow)


DOMAINS: Final = ("auth", "resources", "availability", "stockpile")  # reports is written by its own agents alone

RESOURCES: Final = Need("resources:read", (), "read resources, their status and use, categories, lists, search")
CALENDARS: Final = Need("calendars:read", (), "read which slots of a resource are taken, never by whom")
WAITLISTS: Final = Need("waitlists:read", ("waitlists:read:own",), "read who waits for a resource; own: one's own places")
RESERVATIONS: Final = Need("reservations:read", ("reservations:read:own",), "read reservations; own: one's own")
USERS: Final = Need("users:read", ("users:read:own",), "read users, their roles and permissions; own: oneself")
APPROVALS: Final = Need("approvals:read", ("approvals:read:own",), "read approvals; own: of one's own reservations")
DEMAND: Final = Need(
    "demand:read", (), "read demand, and watch it live; the page for it also names resources, their state and maintenance"
)
MAINTENANCE: Final = Need("maintenance:read", (), "read which maintenance was planned, and how far it is")
AUDIT: Final = Need("audit:read", (), "read who did what to accounts and roles")
NOTIFICATIONS: Final = Need("notifications:read:own", (), "be told one's own notifications live")
RESERVE: Final = Need("booking:create:any", ("booking:create",), "reserve for anybody; booking:create: for oneself")
CANCEL: Final = Need("booking:cancel:any", ("booking:create",), "cancel anybody's reservation; booking:create: one's own")
DECIDE: Final = Need("approval:decide", (), "grant and reject approvals")
MAINTAIN: Final = Need("maintenance:schedule", (), "schedule maintenance")
ASSIGN: Final = Need("roles:assign", (), "assign any role to anybody: whoever may this, may everything")
DELETE: Final = Need("resources:delete", (), "delete resources, and with them what is planned on them")
PUBLISH: Final = Need(
    "publish:any",
    tuple(f"publish:{domain}" for domain in DOMAINS),
    "publish events; narrower: of one domain (auth's give roles, too)",
)
METRICS: Final = Need("metrics:read", (), "read this process's metrics")
DESCRIPTION: Final = Need("description:read", (), "read the OpenAPI description")

LOOK: Final = Need("console:look", (), "look into topics, groups, dead letters and replays; personal fields are masked")
UNMASK: Final = Need("console:unmask", (), "see personal fields, each time with a reason that is kept")
REPLAY: Final = Need("console:replay", (), "release and drop what waits behind failed events; plan, approve and run replays")
RESET: Final = Need("console:reset", (), "set a group's offsets")
ADMINISTER: Final = Need("console:administer", (), "read and check the audit trail")
CONSOLE: Final = (LOOK, UNMASK, REPLAY, RESET, ADMINISTER)

NEEDS: Final = (
    *(RESOURCES, CALENDARS, WAITLISTS, RESERVATIONS, USERS, APPROVALS, DEMAND, NOTIFICATIONS),
    *(MAINTENANCE, AUDIT),
    *(RESERVE, CANCEL, DECIDE, MAINTAIN, ASSIGN, DELETE, PUBLISH, METRICS, DESCRIPTION),
    *CONSOLE,
)
NAMES: Final = frozenset(name for need in NEEDS for name in (need.wide, *need.narrow))

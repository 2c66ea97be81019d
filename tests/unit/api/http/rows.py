"""Rows as the agents keep them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.unit.api.http.stand_ins import Owners

NINE, TEN = (int(datetime(2026, 11, 25, hour, tzinfo=UTC).timestamp() * 1_000_000) for hour in (9, 10))
ROOM: dict[str, Any] = {
    "name": "Room 1",
    "category_id": "rooms",
    "capacity": 30,
    "max_minutes": 240,
    "location": "Building B",
    "description": None,
    "status": "AVAILABLE",
    "deleted": False,
}
SLOT: dict[str, Any] = {"starts_at": NINE, "ends_at": TEN, "kind": "RESERVATION", "holder": "res-1", "user_id": "u-1"}
RESERVATION: dict[str, Any] = {
    "resource_id": "room-1",
    "user_id": "u-1",
    "state": "CONFIRMED",
    "starts_at": NINE,
    "ends_at": TEN,
    "attendees": 4,
    "version": 2,
    "reason": None,
}
APPROVAL: dict[str, Any] = {
    "approval_id": "apr-res-1",
    "resource_id": "room-1",
    "user_id": "u-1",
    "state": "OPEN",
    "version": 1,
    "automatic": False,
    "rule": "crowds",
    "deadline_at": TEN,
    "decided_by": None,
    "decision_id": None,
}
GRANTS: dict[str, Any] = {
    "grants": [
        {"role": "lecturer", "scope": "*", "permissions": ["reservations:read:own", "booking:create"]},
        {"role": "lab-manager", "scope": "labs", "permissions": ["approval:decide"]},
    ]
}
USER: dict[str, Any] = {
    "email": "one@example.edu",
    "full_name": "User One",
    "department": None,
    "active": True,
    "two_factor": None,
    "password_changed_at": NINE,
}


def fill(owners: Owners) -> None:
    """One of each."""
    tables = owners.tables
    tables["resources", "resources"] = {"room-1": ROOM, "room-2": {**ROOM, "name": "Room 2", "status": "IN_USE"}}
    tables["resources", "resources"]["room-9"] = {**ROOM, "deleted": True}
    tables["resources", "usage"]["room-1"] = {"reserved": 1, "created_total": 2, "check_outs": 1, "used_minutes": 60}
    tables["resources", "categories"]["rooms"] = {"name": "Rooms", "parent_id": None, "description": None}
    tables["availability", "resources"] = {"room-1": ROOM, "room-2": ROOM}
    tables["availability", "calendars"]["room-1"] = {"slots": [SLOT]}
    tables["availability", "reservations"]["res-1"] = RESERVATION
    tables["availability", "permissions"]["u-1"] = {"grants": [{**GRANTS["grants"][0], "permissions": ["booking:create"]}]}
    waiting = {"starts_at": NINE, "ends_at": TEN}
    entries = [{"waitlist_id": "wl-1", "user_id": "u-2", **waiting}, {"waitlist_id": "wl-2", "user_id": "u-1", **waiting}]
    tables["availability", "queues"]["room-1"] = {"entries": entries}
    tables["auth", "users"]["u-1"] = USER
    tables["auth", "grants"]["u-1"] = GRANTS
    tables["auth", "roles"]["lecturer"] = {"permissions": ["booking:create"]}
    tables["stockpile", "approvals"]["res-1"] = APPROVAL
    maintained = {"mnt-1": [TEN, TEN + 3_600_000_000, "STARTED"], "mnt-0": [NINE, TEN, "CANCELLED"]}
    tables["reports", "downtime"] = {
        "room-1": {"jobs": maintained, "status": "AVAILABLE", "deleted": False, "category_id": "rooms", "name": "Room 1"},
        "room-2": {"jobs": {}, "status": "AVAILABLE", "deleted": False, "category_id": "rooms", "name": "Room 2"},
        "lab-1": {"jobs": {}, "status": "AVAILABLE", "deleted": False, "category_id": "labs", "name": "Lab 1"},
    }
    entry = {"at": NINE, "type": "auth.user.logged_in", "actor": "u-1", "event_id": "e-1"}
    tables["reports", "audit"] = {"u-1": {"entries": [entry]}, "role:lecturer": {"entries": [entry]}}
    tables["reports", "demand"][f"room-1|{NINE}"] = {"asked": 3, "refused": 1, "refused_by": {"CONFLICT": 1}}

"""The oracle on logs of a few lines: waitlists, maintenance, deletions and permissions, with the outcome written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.clock import at, hour
from tests.unit.demo.recomputed import recomputed
from tests.unit.facts import (
    asked,
    cancelled,
    deleted_room,
    granted,
    joined,
    maintenance,
    maintenance_called_off,
    maintenance_done,
    maintenance_started,
    offer_ran_out,
    role_assigned,
    role_changed,
    role_revoked,
)

if TYPE_CHECKING:
    from bookly.records import Record


def test_who_waits_is_offered_the_slot_that_is_given_up() -> None:
    found = recomputed(
        at(0, asked("r-1", 9, 10)), at(1, joined("w-1", 9, 10)), at(2, joined("w-2", 9, 10)), at(3, cancelled("r-1"))
    )
    (offer,) = found.said("WaitlistOffered", "reservation_created")
    assert (offer["waitlist_id"], offer["user_id"], offer["expires_at"]) == ("w-1", "bob", hour(3.5))
    assert [row["waitlist_id"] for row in found.rows("place in a queue")] == ["w-2"]
    assert found.row("held slot", holder="w-1")["kind"] == "OFFER"


def test_an_offer_holds_its_slot_against_all_but_the_one_who_got_it() -> None:
    offered: list[Record] = [at(0, joined("w-1", 9, 10)), at(1, asked("r-1", 9, 10, "eve"))]
    thief = recomputed(*offered, at(2, asked("r-2", 9, 10, "eve", offer="w-1")))
    assert {said["conflicting_kind"] for said in thief.said("ScheduleConflictDetected")} == {"OFFER"}
    taken = recomputed(*offered, at(2, asked("r-2", 9, 9.5, "bob", offer="w-1")))
    assert taken.row("reservation", reservation_id="r-2")["state"] == "CONFIRMED"
    assert [row["holder"] for row in taken.rows("held slot")] == ["r-2"]


def test_a_place_is_served_by_a_reservation_that_is_confirmed_and_by_no_other() -> None:
    def served(*asking: Record) -> list[tuple[int, int]]:
        found = recomputed(at(0, joined("w-1", 9, 10)), at(1, asked("r-1", 9, 10, "eve")), *asking)
        return [(row["hour_at"], row["count"]) for row in found.rows("demand") if row["kind"] == "served"]

    assert served(at(2, asked("r-2", 9, 10, "eve", offer="w-1"))) == []
    once, again = (at(2, asked(reservation, 9, 10, "bob", offer="w-1")) for reservation in ("r-2", "r-3"))
    assert served(once, again) == [(hour(0), 1)]


def test_an_offer_that_runs_out_goes_to_the_next_and_late_places_are_dropped() -> None:
    found = recomputed(
        at(0, joined("w-1", 9, 10)), at(1, joined("w-2", 9, 10)), at(2, joined("w-3", 8, 9.5)), at(8, offer_ran_out("w-1"))
    )
    assert [said["waitlist_id"] for said in found.said("WaitlistOffered")] == ["w-1", "w-2"]
    assert found.rows("place in a queue") == []


def test_nobody_waits_for_what_is_not_there() -> None:
    found = recomputed(at(0, joined("w-1", 9, 10, resource="nowhere")))
    assert [said["template"] for said in found.said("NotificationRequested")] == ["WAITLIST_CLOSED"]


def test_maintenance_blocks_and_tells_who_is_in_the_way() -> None:
    found = recomputed(at(0, asked("r-1", 9, 10)), at(1, maintenance("m-1", 9.5, 12)), at(2, maintenance("m-1", 9.5, 12)))
    flow = "maintenance_scheduled"
    assert [said["block_id"] for said in found.said("ScheduleBlocked", flow)] == ["m-1"]
    (conflict,) = found.said("ScheduleConflictDetected", flow)
    assert (conflict["reservation_id"], conflict["conflicting_id"]) == ("r-1", "m-1")
    assert (conflict["starts_at"], conflict["ends_at"]) == (hour(9.5), hour(12))
    assert [said["template"] for said in found.said("NotificationRequested", flow)] == ["MAINTENANCE_CONFLICT"]
    assert found.row("reservation", reservation_id="r-1")["state"] == "CONFIRMED"
    assert found.row("maintenance", maintenance_id="m-1")["state"] == "SCHEDULED"


def test_maintenance_that_is_done_gives_the_slot_to_who_waits() -> None:
    found = recomputed(
        at(0, maintenance("m-1", 9, 12)),
        at(1, joined("w-1", 10, 11)),
        at(2, maintenance_started("m-1")),
        at(3, maintenance_done("m-1")),
    )
    assert len(found.said("ScheduleUnblocked", "maintenance_scheduled")) == 1
    assert [said["waitlist_id"] for said in found.said("WaitlistOffered", "maintenance_scheduled")] == ["w-1"]
    assert found.row("resource", resource_id="room-1")["status"] == "AVAILABLE"
    assert found.row("maintenance", maintenance_id="m-1")["state"] == "COMPLETED"


def test_maintenance_under_way_shows_and_an_unknown_one_changes_no_calendar() -> None:
    found = recomputed(at(0, maintenance("m-1", 9, 12)), at(1, maintenance_started("m-1")), at(2, maintenance_called_off("m-9")))
    assert not found.said("ScheduleUnblocked")
    assert found.row("held slot", holder="m-1")["kind"] == "MAINTENANCE"


def test_a_deleted_room_cancels_what_lies_ahead_and_empties_its_queue() -> None:
    found = recomputed(
        at(0, asked("r-1", 1, 2)),
        at(0.1, asked("r-2", 9, 10)),
        at(0.2, joined("w-1", 9, 10)),
        at(0.3, joined("w-2", 12, 13)),
        at(0.4, maintenance("m-1", 14, 15)),
        at(1.5, deleted_room()),
        at(2, deleted_room()),
    )
    (said,) = found.said("ReservationCancelled", "resource_deleted")
    assert (said["reservation_id"], said["reason"]) == ("r-2", "RESOURCE_DELETED")
    templates = sorted(told["template"] for told in found.said("NotificationRequested", "resource_deleted"))
    assert templates == ["RESERVATION_CANCELLED", "WAITLIST_CLOSED"]
    assert [row["holder"] for row in found.rows("held slot")] == ["r-1"]
    assert found.rows("place in a queue") == []
    assert found.row("resource", resource_id="room-1")["deleted"] is True
    assert found.row("booking rules", resource_id="room-1")["deleted"] is True
    assert found.row("deletion in reports", resource_id="room-1")["deleted"] is True
    assert found.row("usage", resource_id="room-1")["reserved"] == 1


def test_each_group_keeps_its_own_permissions_of_a_role() -> None:
    names = ("booking:create", "approval:decide", "reports:read")
    found = recomputed(at(0, role_assigned("ann", "manager", *names)), at(1, role_changed("manager", *names[:2])))
    kept = {row["group"]: row["permissions"] for row in found.rows("grant")}
    assert kept == {"auth": names, "availability": ("booking:create",), "stockpile": ("approval:decide",)}
    assert found.row("role", group="auth")["permissions"] == names[:2]
    assert [(row["subject"], row["type"]) for row in found.rows("audit entry")] == [
        ("ann", "auth.role.assigned"),
        ("role:manager", "auth.permissions.changed"),
    ]


def test_a_role_is_replaced_in_its_scope_and_revoked_in_its_scope() -> None:
    given = [
        at(0, role_assigned("ann", "manager", "booking:a")),
        at(1, role_assigned("ann", "manager", "booking:b", scope="labs")),
    ]
    replaced = recomputed(*given, at(2, role_assigned("ann", "manager", "booking:c")))
    assert {row["scope"]: row["permissions"] for row in replaced.rows("grant") if row["group"] == "auth"} == {
        "*": ("booking:c",), "labs": ("booking:b",)
    }  # fmt: skip
    revoked = recomputed(*given, at(2, role_revoked("ann", "manager")), at(3, role_revoked("ann", "nothing")))
    assert [row["scope"] for row in revoked.rows("grant") if row["group"] == "auth"] == ["labs"]


def test_the_audit_keeps_the_last_fifty() -> None:
    found = recomputed(*(at(n, role_assigned("ann", f"role-{n}")) for n in range(60)))
    assert [row["at"] for row in found.rows("audit entry")] == [hour(n) for n in range(10, 60)]


def test_only_facts_from_outside_are_followed_and_in_the_order_in_which_they_happened() -> None:
    early, late = at(1, asked("r-1", 9, 10)), at(2, asked("r-2", 9, 10))
    echo = at(3, granted("r-2"))
    echo.metadata.causation_id = late.metadata.event_id
    found = recomputed(late, early, echo)
    assert found.row("reservation", reservation_id="r-1")["state"] == "CONFIRMED"
    assert found.row("reservation", reservation_id="r-2")["state"] == "REJECTED"

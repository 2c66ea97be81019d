"""Facts as short sentences: events with what matters to a test spelled out and all else filled in. Hours are `clock.hour`."""

from __future__ import annotations

from bookly.records import auth, availability, resources, stockpile
from tests.unit.clock import hour

ROOM = "room-1"
ROOMS = "rooms"


def room(resource: str = ROOM, *, capacity: int = 10, max_minutes: int = 480, category: str = ROOMS) -> resources.ResourceCreated:
    return resources.ResourceCreated(resource, f"Room {resource}", category, capacity, max_minutes)


def changed_room(resource: str = ROOM, *, capacity: int = 10, max_minutes: int = 480) -> resources.ResourceUpdated:
    return resources.ResourceUpdated(resource, f"New {resource}", ROOMS, capacity, max_minutes)


def deleted_room(resource: str = ROOM) -> resources.ResourceDeleted:
    return resources.ResourceDeleted(resource, "staff")


def status(new: str, resource: str = ROOM) -> resources.ResourceStatusChanged:
    return resources.ResourceStatusChanged(resource, new, "AVAILABLE")


def maintenance(job: str, start: float, end: float, resource: str = ROOM) -> resources.MaintenanceScheduled:
    return resources.MaintenanceScheduled(job, resource, hour(start), hour(end), "new lamps")


def maintenance_started(job: str, resource: str = ROOM) -> resources.MaintenanceStarted:
    return resources.MaintenanceStarted(job, resource, hour(0))


def maintenance_done(job: str, resource: str = ROOM) -> resources.MaintenanceCompleted:
    return resources.MaintenanceCompleted(job, resource, hour(0))


def maintenance_called_off(job: str, resource: str = ROOM) -> resources.MaintenanceCancelled:
    return resources.MaintenanceCancelled(job, resource)


def asked(
    reservation: str,
    start: float,
    end: float,
    user: str = "ann",
    *,
    resource: str = ROOM,
    attendees: int = 2,
    category: str = ROOMS,
    offer: str | None = None,
) -> availability.ReservationCreated:
    return availability.ReservationCreated(
        reservation_id=reservation,
        resource_id=resource,
        category_id=category,
        user_id=user,
        starts_at=hour(start),
        ends_at=hour(end),
        attendees=attendees,
        waitlist_id=offer,
    )


def moved(
    reservation: str, start: float, end: float, *, resource: str = ROOM, attendees: int = 2
) -> availability.ReservationUpdated:
    return availability.ReservationUpdated(reservation, resource, "ann", hour(start), hour(end), attendees)


def cancelled(reservation: str, resource: str = ROOM) -> availability.ReservationCancelled:
    return availability.ReservationCancelled(reservation, resource, "ann", "BY_USER", hour(9), hour(10))


def refused(reservation: str, reason: str = "CONFLICT", resource: str = ROOM) -> availability.ReservationRejected:
    return availability.ReservationRejected(reservation, resource, "ann", reason, hour(9), hour(10))


def confirmed(reservation: str, resource: str = ROOM) -> availability.ReservationConfirmed:
    return availability.ReservationConfirmed(reservation, resource, "ann", f"apr-{reservation}", True, hour(9), hour(10))


def ran_out(reservation: str, resource: str = ROOM) -> availability.ReservationExpired:
    return availability.ReservationExpired(reservation, resource, "ann", hour(9), hour(10))


def no_show(reservation: str, resource: str = ROOM) -> availability.ReservationNoShow:
    return availability.ReservationNoShow(reservation, resource, "ann", hour(9), hour(10))


def joined(place: str, start: float, end: float, user: str = "bob", resource: str = ROOM) -> availability.WaitlistJoined:
    return availability.WaitlistJoined(place, resource, user, hour(start), hour(end), 2)


def offered(place: str, user: str = "bob", resource: str = ROOM) -> availability.WaitlistOffered:
    return availability.WaitlistOffered(place, resource, user, hour(9), hour(10), hour(1))


def offer_ran_out(place: str, resource: str = ROOM) -> availability.WaitlistOfferExpired:
    return availability.WaitlistOfferExpired(place, resource, "bob")


def conflict(reservation: str, resource: str = ROOM) -> availability.ScheduleConflictDetected:
    return availability.ScheduleConflictDetected(resource, reservation, "ann", "r-0", "RESERVATION", hour(9), hour(10))


def granted(
    reservation: str, *, version: int = 1, by: str | None = "boss", automatic: bool = False, resource: str = ROOM
) -> stockpile.ApprovalGranted:
    return stockpile.ApprovalGranted(f"apr-{reservation}", reservation, resource, automatic, version, by)


def not_approved(reservation: str, *, version: int = 1, by: str = "dean", resource: str = ROOM) -> stockpile.ApprovalRejected:
    return stockpile.ApprovalRejected(f"apr-{reservation}", reservation, resource, version, by, "no")


def undecided(reservation: str, *, version: int = 1, resource: str = ROOM) -> stockpile.ApprovalExpired:
    return stockpile.ApprovalExpired(f"apr-{reservation}", reservation, resource, version)


def approval_requested(reservation: str, resource: str = ROOM) -> stockpile.ApprovalRequested:
    return stockpile.ApprovalRequested(f"apr-{reservation}", reservation, resource, "ann", "rule", "boss", hour(24), 1)


def superseded(reservation: str, state: str, resource: str = ROOM) -> stockpile.ApprovalSuperseded:
    return stockpile.ApprovalSuperseded(f"apr-{reservation}", reservation, resource, state, "cause")


def came(reservation: str, when: float = 9, resource: str = ROOM) -> stockpile.CheckInCompleted:
    return stockpile.CheckInCompleted(reservation, resource, "ann", hour(when), "BADGE")


def left(reservation: str, start: float = 9, end: float = 10, resource: str = ROOM) -> stockpile.CheckOutCompleted:
    return stockpile.CheckOutCompleted(reservation, resource, "ann", hour(start), hour(end))


def role_assigned(user: str, role: str, *permissions: str, scope: str = "*") -> auth.RoleAssigned:
    return auth.RoleAssigned(user, role, scope, list(permissions), "admin")


def role_revoked(user: str, role: str, scope: str = "*") -> auth.RoleRevoked:
    return auth.RoleRevoked(user, role, scope, "admin")


def role_changed(role: str, *permissions: str) -> auth.PermissionsChanged:
    return auth.PermissionsChanged(role, list(permissions), "admin")

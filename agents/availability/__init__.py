"""availability: the one writer of each resource's calendar, and of the reservations on it."""

from agents.availability import decisions, endings, maintenance, permissions, placing, resources, waitlist
from agents.availability.deadlines import NO_SHOW, OFFER
from agents.availability.tables import AvailabilityState
from agents.domain import Domain

DOMAIN = Domain.of(
    "availability",
    AvailabilityState,
    (
        placing.place_reservation,
        placing.move_reservation,
        decisions.confirm_reservation,
        decisions.reject_reservation,
        decisions.let_reservation_expire,
        endings.cancel_reservation,
        endings.expire_reservation,
        endings.mark_no_show,
        endings.check_in,
        endings.check_out,
        waitlist.join_waitlist,
        waitlist.expire_offer,
        maintenance.block_calendar,
        maintenance.unblock_calendar,
        resources.open_resource,
        resources.sync_resource,
        resources.sync_status,
        resources.cancel_future_reservations,
        permissions.update_booking_permissions,
        permissions.withdraw_booking_permissions,
        permissions.change_booking_permissions,
    ),
    timers={NO_SHOW: endings.miss_visitor, OFFER: waitlist.let_offer_run_out},
)

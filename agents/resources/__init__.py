"""resources: what can be booked, in which state it is, how much it is used."""

from agents.domain import Domain
from agents.resources import catalogue, status, usage
from agents.resources.tables import ResourcesState

DOMAIN = Domain.of(
    "resources",
    ResourcesState,
    (
        usage.count_reservation,
        usage.release_usage,
        usage.release_lost_usage,
        usage.record_check_in,
        usage.record_check_out,
        catalogue.add_resource,
        catalogue.change_resource,
        catalogue.delete_resource,
        catalogue.keep_category,
        status.change_status,
        status.start_maintenance,
        status.complete_maintenance,
        status.call_off_maintenance,
    ),
)

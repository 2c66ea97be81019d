"""reports: demand, use, downtime and audit, counted from everybody's events."""

from agents.domain import Domain
from agents.reports import audit, demand, downtime, hours, usage
from agents.reports.tables import ReportsState

DOMAIN = Domain.of(
    "reports",
    ReportsState,
    (demand.record_demand, usage.record_usage, downtime.record_maintenance, audit.record_audit),
    clock=hours.keep_time,
)

"""stockpile: approvals, and the visits of what was approved."""

from agents.domain import Domain
from agents.stockpile import approvals, permissions, visits
from agents.stockpile.tables import StockpileState

DOMAIN = Domain.of(
    "stockpile",
    StockpileState,
    (
        approvals.open_approval,
        approvals.record_decision,
        approvals.close_approval,
        approvals.drop_approval,
        visits.begin_visit,
        visits.end_visit,
        permissions.grant_approval_permissions,
        permissions.revoke_approval_permissions,
        permissions.change_approval_permissions,
    ),
    timers={approvals.DEADLINE: approvals.let_approval_run_out},
)

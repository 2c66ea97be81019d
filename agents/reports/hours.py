"""Hours of demand: tumbling windows on event time, what closes them, and what is said then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from agents.reports.peaks import WEEK, rules
from agents.reports.tables import DAY, HOUR, MINUTE, Demand, Downtime, Lead, ReportsState
from agents.windows import Late, Once, Retention, Tumbling, Windows
from bookly.records.reports import DemandPeakDetected, DemandWindowClosed

if TYPE_CHECKING:
    from collections.abc import Iterator

REMEMBERED = 30 * DAY  # after a reservation's end: what is said of it again until then is not counted again
LONGEST_VISIT = 31 * DAY  # of a longer one the last month counts


def close_hour(state: ReportsState, resource_id: str, begin: int, end: int, row: Demand) -> Demand:
    """Tell an hour's figures, and each rule's peak once, however often the hour is told."""
    name = f"{resource_id}|{begin}"
    told = DemandWindowClosed(
        resource_id, begin, end, row.asked, row.confirmed, row.refused, row.cancelled, row.waitlisted, row.used,
        row.expired, row.no_show, row.revision,
    )  # fmt: skip
    state.happen(told, f"{name}#{row.revision}", end)
    category = row.category or state.downtime.get(resource_id, Downtime()).category_id
    for rule in rules():
        if row.asked < rule.asked_at_least:
            continue
        threshold = rule.threshold([_asked(state, resource_id, begin - week * WEEK) for week in range(1, rule.weeks + 1)])
        if rule.name not in row.peaks and rule.concerns(category) and row.asked >= threshold:
            peak = DemandPeakDetected(resource_id, begin, rule.name, row.asked, threshold)
            state.happen(peak, f"{name} {rule.name}", end)
            row = replace(row, peaks=(*row.peaks, rule.name))
    return row


def _asked(state: ReportsState, resource_id: str, begin: int) -> int:
    return state.demand.get(f"{resource_id}|{begin}", Demand()).asked


DEMAND = Windows(
    table="demand",
    row=Demand,
    kind=Tumbling(HOUR),
    close=close_hour,
    disorder=5 * MINUTE,
    grace=10 * MINUTE,
    idle=10 * MINUTE,
    late=Late.PUBLISH,
    step=MINUTE,
    retention=100 * DAY,  # readers ask for 92 days at most
)
COUNTED = Once("counted", REMEMBERED)
LEADS: Retention[Lead] = Retention("leads", REMEMBERED)


def keep_time(now: int, state: ReportsState) -> None:
    """Close hours that silence ends, and forget what is too old to be asked for."""
    DEMAND.on_time(now, state)
    upto = min(now, DEMAND.of(state).mark.at)
    COUNTED.retire(state, upto)
    LEADS.retire(state, upto)


def until(state: ReportsState, *times: int) -> int:
    """How long what happened at these times is remembered: no shorter because it was heard late, or event time has gone on."""
    return max(*times, DEMAND.of(state).mark.at) + REMEMBERED


def use(state: ReportsState, resource_id: str, begin: int, end: int) -> None:
    """Spread a visit over the hours that it lies in: whole minutes, none lost at their borders."""
    for hour, minutes in spread(max(begin, end - LONGEST_VISIT), end):
        DEMAND.amend(state, resource_id, hour, lambda row, m=minutes: replace(row, used_minutes=row.used_minutes + m))  # type: ignore[misc]


def spread(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Each hour with the minutes of [begin, end) in it; together as many as from begin to end."""
    hour = begin - begin % HOUR
    while hour < end:
        until, since = min(end, hour + HOUR), max(begin, hour)
        if minutes := (until - begin) // MINUTE - (since - begin) // MINUTE:
            yield hour, minutes
        hour += HOUR

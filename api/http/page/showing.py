"""From reports to what the page says: figures as people read them, and how dark a field is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from api.http.page.asking import MOST, View
from api.http.shapes.base import moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.reports.grouping import Report
    from api.reports.question import Question
    from api.reports.world import World

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DARKEST = 9
REASONS = {
    "CONFLICT": "The slot was taken",
    "MAINTENANCE": "Maintenance",
    "NOT_APPROVED": "Not approved",
    "RESOURCE_DELETED": "The resource is gone",
    "RESOURCE_UNAVAILABLE": "Out of service",
    "RULE_VIOLATED": "Too long or too many",
    "UNKNOWN_RESOURCE": "No such resource",
}


@dataclass(frozen=True)
class Field:
    """Of the heat map. `shade`: 0 for nothing, to DARKEST for the highest."""

    value: float | None
    text: str
    shade: int


def questions(view: View) -> tuple[Question, ...]:
    """All that the page needs, for one reading of the rows. Raises Invalid."""
    within = "weekday,hour" if view.resource else "resource"
    return (
        view.question("weekday,hour"),
        view.question("day"),
        view.question(within, MOST, "unmet"),
        view.question(within, MOST, "utilisation"),
    )


def shown(view: View, reports: list[Report], world: World) -> dict[str, Any]:
    """What the template takes."""
    heat, trend, unmet, used = reports
    total = heat.total.told()
    return {
        "view": view,
        "title": _name({"resource": view.resource}, world) if view.resource else "",
        "total": total,
        "tiles": _tiles(total),
        "heat": _heat(heat, view.show),
        "trend": [(date.fromisoformat(str(each.names["day"])), each.figures.told()) for each in trend.groups],
        "unmet": [(_name(each.names, world), each.names, row) for each in unmet.groups if (row := each.figures.told())["unmet"]],
        "used": [
            (_name(each.names, world), each.names, row) for each in used.groups if (row := each.figures.told())["utilisation"]
        ],
        "reasons": sorted(
            ((REASONS.get(name, name), many) for name, many in total["refused_by"].items()), key=lambda reason: -reason[1]
        ),
        "categories": sorted({str(row.get("category_id", "")) for row in world.resources.values()} - {""}),
        "about": _about(view.resource, world),
        "jobs": _jobs(world.resources.get(view.resource, {}), heat.question),
    }


def percent(share: float | None) -> str:
    """Below a tenth with a digit more; nothing where there is no figure."""
    return "" if share is None else f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"


def span(hours: float | None) -> str:
    """A time as people say it."""
    if hours is None:
        return "none"
    return f"{hours / 24:.1f} days" if hours >= 48 else f"{hours:.1f} h" if hours >= 1 else f"{hours * 60:.0f} min"


def _tiles(total: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    asked = total["asked"]
    granted = percent(total["granted"] / asked) if asked else "none"
    return [
        ("Asked for", f"{asked:,}", "reservations"),
        ("Granted", f"{total['granted']:,}", granted if not asked else f"{granted} of those asked for"),
        ("Unmet", f"{total['unmet']:,}", f"{total['refused']:,} refused, {total['waitlisted'] - total['served']:,} left waiting"),
        (
            "In use",
            percent(total["utilisation"]) or "none",
            f"{total['used_minutes'] / 60:,.0f} of {total['bookable_minutes'] / 60:,.0f} h",
        ),
        ("No-shows", f"{total['no_show']:,}", f"beside {total['used']:,} visits"),
        ("Cancelled", f"{total['cancelled']:,}", "after they were asked for"),
        ("Lead time", span(total["lead_hours"]), "from asking to begin, on average"),
        ("Approval", span(total["approval_hours"]), "until people decide, on average"),
    ]


def _heat(report: Report, show: str) -> list[tuple[int, list[Field]]]:
    """Hours with their seven fields; hours before and after which nothing is open, nor was asked, are left out."""
    figures = {(int(each.names["hour"]), int(each.names["weekday"])): each.figures.told() for each in report.groups}
    busy = [hour for (hour, _), row in figures.items() if row["bookable_minutes"] or row["asked"] or row[show]]
    highest = max((row[show] or 0 for row in figures.values()), default=0)

    def field(row: Mapping[str, Any] | None) -> Field:
        value = row[show] if row is not None else None
        shade = 0 if not value else max(1, round(DARKEST * value / highest))
        return Field(value, percent(value) if show == "utilisation" else f"{value or 0:,}", shade)

    return [
        (hour, [field(figures.get((hour, day))) for day in range(1, 8)])
        for hour in range(min(busy, default=0), max(busy, default=-1) + 1)
    ]


def _name(names: Mapping[str, Any], world: World) -> str:
    """As people call it: a resource by its name, or an hour of the week."""
    if "resource" in names:
        return str(world.resources.get(names["resource"], {}).get("name") or names["resource"])
    return f"{WEEKDAYS[names['weekday'] - 1]} {names['hour']:02}:00"


def _about(resource: str, world: World) -> str:
    """What is said beneath a resource's name."""
    row = world.resources.get(resource)
    if row is None:
        return f"{resource}: nothing is known of it"
    state = "deleted" if row["deleted"] else str(row["status"]).lower().replace("_", " ")
    return " · ".join(filter(None, (resource, row.get("category_id"), state)))


def _jobs(about: Mapping[str, Any], question: Question) -> list[tuple[Any, Any, str]]:
    """Maintenance of the resource in the period: begin, end, and how far it is."""
    return sorted(
        (moment(begin), moment(end), state.capitalize())
        for begin, end, state in about.get("jobs", {}).values()
        if begin < question.until and end > question.since
    )

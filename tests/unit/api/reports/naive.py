"""The same figures, counted the long way: every hour of every resource looked at, nothing merged and nothing shared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

HOUR = 3_600_000_000
SUMS = {"granted": "confirmed"} | {
    name: name for name in ("asked", "refused", "cancelled", "expired", "no_show", "used", "waitlisted", "offered", "served")
}


def groups(rows: dict[str, Any], resources: dict[str, Any], question: Any, opens: dict[str, tuple[int, int]]) -> dict[Any, Any]:
    """By place: asked, unmet and so on, used minutes, bookable minutes, and the minutes of use that count towards it: in an
    hour no more than it could have been booked for.
    """
    found: dict[Any, Any] = {}
    everything = {key.rpartition("|")[0] for key in rows} | set(resources)
    hour = datetime.fromtimestamp(question.since / 1e6, UTC)
    while hour.timestamp() * 1e6 < question.until:
        for resource in everything:
            at = int(hour.timestamp()) * 1_000_000
            row = rows.get(f"{resource}|{at}")
            about = resources.get(resource, {"deleted": True, "deleted_at": 0, "jobs": {}})
            gone = about["deleted_at"] if about["deleted"] else question.until
            category = about.get("category_id") or (row or {}).get("category", "")
            asked_of = question.resource in (None, resource) and question.category in (None, category)
            if not asked_of or (row is None and gone <= question.since):
                continue
            named = {
                "resource": resource,
                "category": category,
                "day": hour.strftime("%Y-%m-%d"),
                "weekday": int(hour.strftime("%u")),
                "hour": int(hour.strftime("%H")),
            }
            group = found.setdefault(
                tuple(named[name] for name in question.by), dict.fromkeys((*SUMS, "unmet", "bookable", "used_then"), 0)
            )
            first, end = opens.get(hour.strftime("%A").lower(), (0, 0))
            is_open = first <= hour.hour < end
            minutes = range(at, min(gone, at + HOUR), 60_000_000) if is_open else ()
            free = sum(_free(about["jobs"], minute) for minute in minutes)
            group["bookable"] += free
            if row is not None:
                for ours, theirs in SUMS.items():
                    group[ours] += row[theirs]
                group["unmet"] += row["refused"] + row["waitlisted"] - row["served"]
                group["used_then"] += min(row["used_minutes"], free)
        hour += timedelta(hours=1)
    return found


def _free(jobs: dict[str, Any], minute: int) -> bool:
    return not any(begin <= minute < end and state != "CANCELLED" for begin, end, state in jobs.values())

"""The report: for people three tables within 80 columns and the rules that were used, for scripts a JSON object a type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console

from api.cache_report.figures import Figures
from api.cache_report.proposing import NOT_TO_CACHE, RULES, Proposal, propose, spelled
from api.showing import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bookly.cache import CacheType

OUTCOMES = ("hit", "miss", "stale", "expired", "absent", "load", "kept", "refused", "away")


def print_report(found: Mapping[str, Figures], types: Iterable[CacheType], *, as_json: bool) -> None:
    """Of all types, with the times to live that they are declared with. Types that nobody has read are named together."""
    rows = [(each, figures := found.get(each.name, Figures()), propose(figures, each.ttl)) for each in types]
    if as_json:
        show("caches", (_complete(*row) for row in rows), as_json=True)
        return
    read = [(each, figures) for each, figures, _ in rows if any(figures.counts.values())]
    show("Reads, and of a hundred misses", (_reads(each, figures) for each, figures in read), as_json=False)
    met = [(each, figures) for each, figures, _ in rows if figures.invalidations]
    show("Invalidations, from the event to Redis", (_staleness(each, figures) for each, figures in met), as_json=False)
    spoken = [row for row in rows if row[1].counts or row[1].invalidations]
    show("Times to live", (_proposal(each, made) for each, _, made in spoken), as_json=False)
    console = Console()
    for rule in RULES:
        if any(made.rule == rule.name for _, _, made in spoken):
            console.print(f"{rule.name}: {rule.says}", markup=False, emoji=False, highlight=False)
    if silent := [each.name for each, figures, _ in rows if not figures.counts and not figures.invalidations]:
        console.print(f"nothing yet of: {', '.join(silent)}", markup=False, emoji=False, highlight=False)


def _reads(of: CacheType, figures: Figures) -> dict[str, Any]:
    misses = {outcome: round(100 * figures.of_misses(outcome)) for outcome in ("stale", "expired", "absent")}
    others = {"loads": figures.counts["load"], "refused": figures.counts["refused"], "away": figures.counts["away"]}
    return {"type": of.name, "reads": figures.reads, "hit %": round(100 * figures.hit_ratio), **misses, **others}


def _staleness(of: CacheType, figures: Figures) -> dict[str, Any]:
    times = {"p50": figures.staleness_s(0.5), "p99": figures.staleness_s(0.99), "longest": figures.staleness_s(1)}
    spoken = {name: "not measured" if seconds is None else f"{1000 * seconds:,.0f} ms" for name, seconds in times.items()}
    return {"type": of.name, "invalidations": figures.invalidations, **spoken}


def _proposal(of: CacheType, made: Proposal) -> dict[str, Any]:
    now = "loader" if of.ttl is None else spelled(of.ttl)
    proposed = {None: "as it is", NOT_TO_CACHE: "not to cache"}.get(made.ttl_s) or spelled(made.ttl_s)
    return {"type": of.name, "now": now, "proposed": proposed, "rule": made.rule, "why": made.why}


def _complete(of: CacheType, figures: Figures, made: Proposal) -> dict[str, Any]:
    return {
        "type": of.name,
        "reads": figures.reads,
        **{outcome: figures.counts[outcome] for outcome in OUTCOMES},
        "invalidations": figures.invalidations,
        **{f"staleness_{name}_s": figures.staleness_s(share) for name, share in (("p50", 0.5), ("p99", 0.99), ("longest", 1))},
        "ttl_s": of.ttl,
        "proposed_ttl_s": made.ttl_s,
        "rule": made.rule,
        "why": made.why,
    }

"""Offsets set by hand, shown before; and the audit trail."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response

from api.console import audit
from api.console.guards import Refused
from api.console.resetting import Goal, Move
from api.groups import READS, named
from api.http.console.asking import Acting, form_of
from api.http.console.showing import off_the_loop, shown, telling
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import LOOK

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(Guard(LOOK))])
SHOWN = 100
RESET: Final[dict[str, Any]] = {"groups": [f"bookly-{name}" for name in READS], "moves": None, "done": ""}


@router.get("/reset")
@telling("reset.html", **RESET)
async def looked(edge: TheEdge, actor: Acting, request: Request) -> Response:
    """What setting a group's offsets would gain and lose."""
    said = dict(request.query_params)
    if not said.get("group"):
        return shown(request, actor, "reset.html", **RESET)
    group = named(said["group"])
    found = await off_the_loop(lambda: edge.desk.moves(actor, group, Goal.of(said.get("to", ""))))
    return shown(request, actor, "reset.html", **{**RESET, "moves": found})


@router.post("/reset")
@telling("reset.html", **RESET)
async def reset(edge: TheEdge, actor: Acting, request: Request) -> Response:
    """As it was shown: if anything has moved since, it is refused."""
    said = await form_of(request)
    group, why = named(said.get("group", "")), said.get("why", "")

    def act() -> list[Move]:
        planned = edge.desk.moves(actor, group, Goal.of(said.get("to", "")))
        with actor.tries("reset", {"group": group}):
            if said.get("seen") != seen(planned):
                raise Refused(f"{group} has moved since you looked: look again.")
        edge.desk.reset(actor, group, planned, why=why)
        return planned

    await off_the_loop(act)
    return shown(request, actor, "reset.html", **{**RESET, "done": f"{group} goes on there."})


@router.get("/trail")
@telling()
async def trail(edge: TheEdge, actor: Acting, request: Request) -> Response:
    """The newest entries, and whether the chain holds."""
    brokers = edge.desk.brokers

    def look() -> dict[str, Any]:
        actor.does("trail")
        newest: deque[tuple[int, bytes]] = deque(maxlen=SHOWN)
        records = audit.kept(audit.entries(brokers), newest)
        count, head, broken = audit.verified(records)
        deque(records, maxlen=0)  # what stands behind a break is shown as well
        return {
            "entries": [audit.entry_of(value) for _, value in reversed(newest)],
            "count": count,
            "head": head,
            "broken": broken,
        }

    return shown(request, actor, "trail.html", **await off_the_loop(look))


def seen(moves: list[Move]) -> str:
    """Says which moves were shown."""
    return ",".join(f"{move.topic}/{move.partition}:{move.at}>{move.to}" for move in moves)

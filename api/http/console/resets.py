"""Offsets set by hand, shown before; and the audit trail."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request, Response

from api.console import audit
from api.console.guards import Refused
from api.console.resetting import Goal, Move
from api.groups import READS, named
from api.http.console.asking import Acting, form_of
from api.http.console.showing import off_the_loop, refused, shown
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import LOOK

if TYPE_CHECKING:
    pass

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(Guard(LOOK))])
SHOWN = 100


@router.get("/reset")
async def looked(edge: TheEdge, actor: Acting, request: Request) -> Response:
    """What setting a group's offsets would gain and lose."""
    said = dict(request.query_params)
    about: dict[str, Any] = {"groups": [f"bookly-{name}" for name in READS], "moves": None, "done": ""}
    if not said.get("group"):
        return shown(request, actor, "reset.html", **about)
    try:
        group = named(said["group"])
        found = await off_the_loop(lambda: edge.desk.moves(actor, group, Goal.of(said.get("to", ""))))
        return shown(request, actor, "reset.html", **{**about, "moves": found})
    except Exception as error:  # noqa: BLE001  # `refused` raises what is nobody's to be told
        return refused(request, actor, error, "reset.html", **about)


@router.post("/reset")
async def reset(edge: TheEdge, actor: Acting, request: Request) -> Response:
    """As it was shown: if anything has moved since, it is refused."""
    about: dict[str, Any] = {"groups": [f"bookly-{name}" for name in READS], "moves": None, "done": ""}
    try:
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
        return shown(request, actor, "reset.html", **{**about, "done": f"{group} goes on there."})
    except Exception as error:  # noqa: BLE001
        return refused(request, actor, error, "reset.html", **about)


@router.get("/trail")
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

    try:
        return shown(request, actor, "trail.html", **await off_the_loop(look))
    except Exception as error:  # noqa: BLE001
        return refused(request, actor, error)


def seen(moves: list[Move]) -> str:
    """Says which moves were shown."""
    return ",".join(f"{move.topic}/{move.partition}:{move.at}>{move.to}" for move in moves)

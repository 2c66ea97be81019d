"""Replays: planned by a form, previewed, then run here in the background; whoever is away misses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request, Response

from api.console.plans import ENDED
from api.console.selection import Unselectable
from api.console.standing import MEANS
from api.console.timeline import TOPICS_OF_EVENTS
from api.groups import READS
from api.http.console.asking import Acting, form_of, number, selection_of
from api.http.console.looking import NAMES
from api.http.console.showing import gone_to, off_the_loop, shown, telling
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import LOOK

if TYPE_CHECKING:
    from api.console.plans import Plan

router = APIRouter(prefix="/console/replays", include_in_schema=False, dependencies=[Depends(Guard(LOOK))])


@router.get("")
@telling()
async def listed(edge: TheEdge, actor: Acting, request: Request) -> Response:
    """All of them, and the form for another."""
    about: dict[str, Any] = {"names": NAMES, "topics": TOPICS_OF_EVENTS, "groups": list(READS)}
    return shown(request, actor, "replays.html", plans=await off_the_loop(lambda: edge.desk.replays(actor)), **about)


@router.post("")
@telling()
async def plan(edge: TheEdge, actor: Acting, request: Request) -> Response:
    """Fix what is meant. Nothing is replayed yet."""
    desk = edge.desk
    said = await form_of(request)
    group, topic, why = said.get("group", ""), said.get("into", ""), said.get("why", "")

    def made() -> Plan:
        with actor.tries("plan", {"group": group, "topic": topic}):
            asked, rate = selection_of(said), number(said, "rate", 1_000)
        return desk.plan(actor, asked, group=group, topic=topic, rate=rate, why=why)[0]

    return gone_to(f"/console/replays/{(await off_the_loop(made)).id}?preview=yes")


@router.get("/{name}")
@telling()
async def one(edge: TheEdge, actor: Acting, request: Request, name: str) -> Response:
    """How far it is; with `preview=yes` what it would do as things stand now."""
    desk, wanted = edge.desk, request.query_params.get("preview") == "yes"

    def look() -> dict[str, Any]:
        report = desk.report(actor, name)
        seen = desk.preview(actor, name)[1] if wanted else None
        verdicts = {MEANS.get(what, what): many for what, many in seen.verdicts.items()} if seen else {}  # type: ignore[call-overload]
        failed = desk.failures.get(name, "")
        begun = request.query_params.get("begun") == "yes" and report.plan.state not in ENDED and not failed
        live = begun or report.left > 0 or report.plan.state in {"running", "paused"}
        again = f"/console/replays/{name}" + ("?begun=yes" if begun and report.plan.state != "running" else "")
        return {
            "live": live,
            "again": again,
            "report": report,
            "plan": report.plan,
            "seen": seen,
            "verdicts": verdicts,
            "failed": failed,
        }

    return shown(request, actor, "replay.html", **await off_the_loop(look))


@router.post("/{name}/{verb}")
@telling()
async def act(edge: TheEdge, actor: Acting, request: Request, name: str, verb: str) -> Response:
    """`run`, `pause`, `stop`, `approve`."""
    desk = edge.desk
    steps = {"pause": desk.pause, "stop": desk.stop, "approve": desk.approve}
    await form_of(request)
    if verb == "run":
        await off_the_loop(lambda: desk.begin(actor, name))
        return gone_to(f"/console/replays/{name}?begun=yes")
    if verb in steps:
        await off_the_loop(lambda: steps[verb](actor, name))
    else:
        raise Unselectable(f"there is nothing like {verb!r} to do with a replay.")
    return gone_to(f"/console/replays/{name}")

"""Dead letters: which keys wait and why, released or dropped one by one, by what is meant, or all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from api.console import dead
from api.console.guards import Refused
from api.console.selection import Unselectable
from api.groups import READS
from api.http.console.asking import Acting, form_of
from api.http.console.showing import gone_to, off_the_loop, shown, telling
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import LOOK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.console.dead import Queue

router = APIRouter(prefix="/console/dead", include_in_schema=False, dependencies=[Depends(Guard(LOOK))])
MEANS = ("key", "reason", "handler", "event", "error")
SHOWN = 100


@router.get("")
@telling()
async def listed(edge: TheEdge, actor: Acting, request: Request) -> Response:
    """What waits in one group, or a summary of all."""
    said, desk = dict(request.query_params), edge.desk
    group = said.get("group", "")

    def look() -> dict[str, Any]:
        found = {name: desk.queues(actor, name) for name in ([group] if group else READS)}
        summary = [row for queues in found.values() for row in dead.summary(queues)]
        chosen = _meant(found.get(group, []), said)
        rows = [{**dead.shown(queue), "seen": dead.seen([queue])} for queue in chosen[:SHOWN]]
        events = sum(len(queue.waiting) for queue in chosen)
        return {
            "summary": summary,
            "rows": rows,
            "meant": len(chosen),
            "seen": dead.seen(chosen),
            "events": events,
            "means": _said(said),
        }

    about: dict[str, Any] = {"group": group, "groups": list(READS), "outcome": said.get("outcome", "")}
    return shown(request, actor, "dead.html", **about, **await off_the_loop(look))


@router.post("/{verb}")
@telling()
async def order(edge: TheEdge, actor: Acting, request: Request, verb: str) -> Response:
    """`release` or `drop`: the failed events that the page showed; if any is another by now, it is refused."""
    desk = edge.desk
    said = await form_of(request)
    group, why = said.get("group", ""), said.get("why", "")

    def act() -> str:
        do = {"release": desk.release, "drop": desk.drop}.get(verb)
        if do is None:
            raise Unselectable(f"there is nothing like {verb!r} to do with dead letters.")
        with actor.tries(verb, {"group": group}):
            chosen = _meant(desk.queues(actor, group), said)
            if dead.seen(chosen) != said.get("seen"):
                raise Refused("what waits has changed since it was shown, and nothing was done: look again.")
        left = do(actor, group, chosen, why)
        return f"{len(chosen) - len(left)} of {len(chosen)} keys flow again" + (f"; {len(left)} wait" if left else "")

    outcome = await off_the_loop(act)
    back = {name: text for name, text in _said(said).items() if name != "key"}
    return gone_to("/console/dead?" + urlencode({"group": group, **back, "outcome": outcome}))


def _said(said: Mapping[str, str]) -> dict[str, str]:
    return {name: said[name] for name in MEANS if said.get(name)}


def _meant(found: list[Queue], said: Mapping[str, str]) -> list[Queue]:
    means = _said(said)
    return [queue for queue in found if queue.meets(**means)]

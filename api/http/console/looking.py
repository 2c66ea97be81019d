"""Overview, find, one record, the life of a reservation."""

from __future__ import annotations

import time
from itertools import islice
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response

from api.console import dead, places
from api.console.reading import spans_of
from api.console.telling import record
from api.console.timeline import TOPICS_OF_EVENTS
from api.console.timeline import life as life_of
from api.console.times import written
from api.console.unknown import unknown_names
from api.groups import TOPICS
from api.http.console.asking import Acting, form_of, number, selection_of
from api.http.console.showing import off_the_loop, shown, telling
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import LOOK
from bookly.catalog import EVENTS

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(Guard(LOOK))])
SHOWN: Final = 200
LONGEST_S: Final = 20.0  # of a search on the page; the command line has no such end
NAMES: Final = sorted(spec.name for spec in EVENTS.values())
DEAD: Final = tuple(f"bookly.{group}.dead" for group in TOPICS)
FIND: Final[dict[str, Any]] = {"names": NAMES, "topics": (*TOPICS_OF_EVENTS, "bookly.reports", *DEAD), "rows": None, "more": ""}


@router.get("")
@telling()
async def overview(edge: TheEdge, actor: Acting, request: Request) -> Response:
    """Groups, what waits, replays that are under way, topics; asked again each few seconds."""
    desk = edge.desk

    def look() -> dict[str, Any]:
        waiting = [row for group in TOPICS for row in dead.summary(desk.queues(actor, group))]
        replays = [plan for plan in desk.replays(actor) if plan.state in {"running", "paused"}]
        return {
            "groups": places.groups(desk.brokers),
            "waiting": waiting,
            "replays": replays,
            "topics": [one for one in places.topics(desk.brokers) if not one.name.endswith("-changelog")],
        }

    actor.does("groups")
    return shown(request, actor, "overview.html", **await off_the_loop(look))


@router.get("/find")
@telling("find.html", **FIND)
async def find(edge: TheEdge, actor: Acting, request: Request) -> Response:
    """Records that meet the form, at most SHOWN of them."""
    said, desk = dict(request.query_params), edge.desk
    if not said.get("topic"):
        return shown(request, actor, "find.html", **FIND)

    def look() -> dict[str, Any]:
        asked, most = selection_of(said), min(number(said, "limit", 50), SHOWN)
        spans = spans_of(desk.brokers, asked)
        until, rows, read = time.monotonic() + LONGEST_S, [], 0

        def on(many: int) -> None:
            nonlocal read
            read += many
            if time.monotonic() > until:
                raise TimeoutError

        try:
            for found in islice(desk.find(actor, asked, spans, progress=on), most):
                rows += [{**record(found, desk.decoding), "at": written(found.timestamp)}]
        except TimeoutError:
            whole = sum(span.offsets for span in spans)
            return {"rows": rows, "more": f"{read:,} of {whole:,} offsets were read in {LONGEST_S:.0f} s"}
        more = f"the first {most}; there may be more" if len(rows) == most else "" if rows else "; ".join(unknown_names(asked))
        return {"rows": rows, "more": more}

    return shown(request, actor, "find.html", **{**FIND, **await off_the_loop(look)})


@router.get("/record/{topic}/{partition}/{offset}")
@telling()
async def one(edge: TheEdge, actor: Acting, request: Request, topic: str, partition: int, offset: int) -> Response:
    """One record, masked."""
    return await _record(edge, actor, request, (topic, partition, offset), None)


@router.post("/record/{topic}/{partition}/{offset}")
@telling()
async def unmask(edge: TheEdge, actor: Acting, request: Request, topic: str, partition: int, offset: int) -> Response:
    """The same with its personal fields, for a reason that is kept."""
    why = (await form_of(request)).get("why", "")
    return await _record(edge, actor, request, (topic, partition, offset), why)


async def _record(edge: TheEdge, actor: Acting, request: Request, place: tuple[str, int, int], why: str | None) -> Response:
    row = await off_the_loop(lambda: edge.desk.look(actor, place, unmask=why))
    rows = [] if row is None else [{**row, "at": written(row["timestamp"])}]
    return shown(request, actor, "record.html", rows=rows, place=place, unmasked=why or "")


@router.get("/life")
@telling()
async def life(edge: TheEdge, actor: Acting, request: Request) -> Response:
    """All that happened to one reservation."""
    name, desk = request.query_params.get("id", "").strip(), edge.desk
    actor.does("life")
    found = await off_the_loop(lambda: life_of(desk.brokers, desk.decoding, name)) if name else None
    return shown(request, actor, "life.html", moments=found, name=name)

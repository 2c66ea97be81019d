"""The page, its figures as a file, and that they have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from api.http.live.hub import Ended, Listener
from api.http.page.asking import View, drafted, viewed
from api.http.page.live import changes
from api.http.page.showing import questions, shown
from api.http.page.templating import FILES, HEADERS, page
from api.http.problems import Unavailable, problem_of
from api.http.reads.gathering import gather
from api.http.reads.reports import Format, file
from api.http.security.admission import ASSETS
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import DEMAND
from api.http.security.principals import Asker
from api.reports.grouping import MOST_IN_A_FILE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import HTMLResponse


async def _viewed(request: Request) -> View:
    return viewed(request)


router = APIRouter(prefix="/reports", include_in_schema=False)
Viewed = Annotated[View, Depends(_viewed)]
Who = Annotated[Asker, Depends(Guard(DEMAND))]


async def _listening(edge: TheEdge, who: Who, view: Viewed) -> AsyncIterator[Listener]:
    """From before the answer begins, so that a refusal can still be one, until its last line. Raises Unavailable, TooMany."""
    if (why := edge.unready()) is not None:
        raise Unavailable(why)
    try:
        with edge.hub.listen(who.user_id, ("demand", view.resource or "*")) as listener:
            yield listener
    except Ended as end:
        raise Unavailable(str(end)) from None


@router.get("")
async def reports(edge: TheEdge, who: Who, request: Request) -> Response:
    """The whole page, or, for htmx, the figures in it. Who does not get an answer is told why, and sees no figure."""
    whole = "hx-request" not in request.headers
    view = None
    try:
        view = viewed(request)
        found, world, _ = await gather(edge.owners, *questions(view))
    except Exception as error:
        problem = problem_of(error, request.app.state.failures)
        if problem is None:
            raise
        form = view or drafted(request)  # it stays, so that what is wrong can be mended
        link = view.link() if view else ""
        return _told(problem.status, whole, who, view=form, categories=_only(form.category), link=link, why=problem.detail)
    return _told(200, whole, who, **shown(view, found, world))


def _only(category: str) -> list[str]:
    return [category] if category else []


def _told(status: int, whole: bool, who: Asker, **what: object) -> HTMLResponse:
    part = "figures.html" if status == 200 else "away.html"
    return page(
        "reports.html" if whole else part, status, part=part, is_away=status == 503, who=who.user_id.removeprefix("key:"), **what
    )


@router.get("/export")
async def export(
    edge: TheEdge,
    who: Who,  # noqa: ARG001  # it is what closes the route
    view: Viewed,
    by: Annotated[str, Query()] = "resource,day",
    format: Annotated[Literal[Format.CSV, Format.PARQUET], Query()] = Format.CSV,  # noqa: A002
) -> Response:
    """What is viewed, as a file. The same as GET /demand, for who has signed in."""
    (found,), _, _ = await gather(edge.owners, view.question(by), most=MOST_IN_A_FILE)
    return await file(found, format, f"demand-{view.first}-{view.last}.{format}")


@router.get("/live")
async def live(
    edge: TheEdge,
    who: Who,  # noqa: ARG001  # it is what closes the route
    listener: Annotated[Listener, Depends(_listening)],
) -> Response:
    """Server-sent events: that demand has changed, at most one a second. The page then asks for its figures again."""
    return StreamingResponse(changes(listener, edge.unready), media_type="text/event-stream", headers=HEADERS)


def _serve(name: str) -> None:
    @router.get(f"/assets/{name}", name=name)
    async def asset() -> FileResponse:
        return FileResponse(FILES[name], headers={"X-Content-Type-Options": "nosniff"})


for each in ASSETS:
    _serve(each)

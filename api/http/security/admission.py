"""Nobody's request is read: who asks is known before a body is looked at, and before it is said which paths there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.http.problems import problem_of
from api.http.security.areas import area_of

if TYPE_CHECKING:
    from fastapi_problem.error import Problem
    from starlette.types import ASGIApp, Receive, Scope, Send

OF_CONSOLE = ("console.css", "console.js")
ASSETS = ("reports.css", "reports.js", "htmx.js", "chart.js", "icon.svg")  # the same for everybody
OPEN = frozenset(
    {
        *("/healthz", "/readyz"),  # what an orchestrator asks, which has no token; they say nothing of anybody
        *("/reports/sign-in", *(f"/reports/assets/{name}" for name in ASSETS)),  # where people get in
        *("/console/sign-in", *(f"/console/assets/{name}" for name in OF_CONSOLE)),
    }
)


class Admitted:
    """An ASGI app that is reached by requests of known callers alone: `scope["state"]["principal"]` is who asks. Web sockets say
    who they are later, with their first message.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN:
            state = scope["app"].state
            try:
                scope.setdefault("state", {})["principal"] = await state.edge.gate.principal(_credential(scope))
            except Exception as error:
                problem = problem_of(error, state.failures)
                if problem is None:
                    raise
                await _refusal(scope, problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _credential(scope: Scope) -> str | None:
    """Of a page alone a cookie is believed, and that page's own."""
    headers = Headers(scope=scope)
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return bearer.strip()
    area = area_of(scope["path"])
    if area is None:
        return headers.get("x-api-key")
    return headers.get("x-api-key") or cookie_parser(headers.get("cookie", "")).get(area.cookie)


def _refusal(scope: Scope, problem: Problem) -> Response:
    """A problem; people on the page are shown where to sign in instead."""
    headers = Headers(scope=scope)
    area = area_of(scope["path"])
    if problem.status == 401 and area is not None and "text/html" in headers.get("accept", ""):
        if "hx-request" in headers:
            return Response(status_code=401, headers={"HX-Redirect": f"{area.path}/sign-in"})
        return RedirectResponse(f"{area.path}/sign-in", 303)
    return JSONResponse(problem.marshal(), problem.status, problem.headers, "application/problem+json")

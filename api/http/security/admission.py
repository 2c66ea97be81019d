"""Nobody's request is read: who asks is known before a body is looked at, and before it is said which paths there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from api.http.problems import problem_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

OPEN = frozenset({"/healthz", "/readyz"})  # what an orchestrator asks, which has no token; they say nothing of anybody


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
                scope.setdefault("state", {})["principal"] = await state.edge.gate.principal(_credential(Headers(scope=scope)))
            except Exception as error:
                problem = problem_of(error, state.failures)
                if problem is None:
                    raise
                answer = JSONResponse(problem.marshal(), problem.status, problem.headers, "application/problem+json")
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _credential(headers: Headers) -> str | None:
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else headers.get("x-api-key")

"""Signing in to a page and out. A key or a token is shown once, in a form that our own page alone may send; a cookie follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.requests import ClientDisconnect

from api.http.page.templating import page
from api.http.problems import Forbidden, Invalid, problem_of
from api.http.security.guard import Guard, TheEdge
from api.http.security.sessions import LASTS_S

if TYPE_CHECKING:
    from api.http.security.areas import Area
    from api.http.security.permissions import Need


def signing(area: Area, need: Need, title: str) -> APIRouter:
    """The routes of a page's signing in, for whoever has what it needs."""
    router = APIRouter(prefix=area.path, include_in_schema=False)
    about: dict[str, Any] = {"area": area, "need": need, "title": title}

    @router.get("/sign-in")
    async def form() -> Response:
        """Where people get in."""
        return page("sign-in.html", why="", **about)

    @router.post("/sign-in")
    async def sign_in(edge: TheEdge, request: Request) -> Response:
        """With a credential that may. Anything else is the form again, with the reason."""
        try:
            refuse_others(request)
            credential = _credential(await request.body())
            await edge.gate.admit(credential, need)
            session = await edge.gate.session(credential, area)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except Exception as error:
            problem = problem_of(error, request.app.state.failures)
            if problem is None:
                raise
            return page("sign-in.html", problem.status, why=problem.detail, **about)
        answer = RedirectResponse(area.path, 303)
        answer.set_cookie(area.cookie, session, max_age=LASTS_S, path=area.path, secure=True, httponly=True, samesite="strict")
        return answer

    @router.post("/sign-out", dependencies=[Depends(Guard(need))])
    async def sign_out() -> Response:
        """The browser forgets it."""
        answer = RedirectResponse(f"{area.path}/sign-in", 303)
        answer.delete_cookie(area.cookie, path=area.path, secure=True, httponly=True, samesite="strict")
        return answer

    return router


def refuse_others(request: Request) -> None:
    """A form on another site would act as who is signed in here, or sign people in as somebody else. Browsers say themselves
    where a form stands; only for those that do not `Host` is asked, which proxies rewrite. Raises Forbidden.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    ours = site in {"same-origin", "none"} if site else not origin or urlsplit(origin).netloc == request.headers.get("host")
    if not ours:
        raise Forbidden("Send it from this page, not from another one.")


def _credential(body: bytes) -> str:
    try:
        found = parse_qs(body.decode("utf-8", "replace"), max_num_fields=5).get("credential", [""])
    except ValueError:
        raise Invalid([("body", "it has more fields than the form of this page")]) from None
    return found[0].strip()

"""Signing in and out. A key or a token is shown once, in a form that only our own page may send, and becomes a cookie."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.requests import ClientDisconnect

from api.http.page.templating import page
from api.http.problems import Forbidden, Invalid, problem_of
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import DEMAND
from api.http.security.sessions import COOKIE, LASTS_S, PATH

router = APIRouter(prefix="/reports", include_in_schema=False)


@router.get("/sign-in")
async def form() -> Response:
    """Where people get in."""
    return page("sign-in.html", why="")


@router.post("/sign-in")
async def sign_in(edge: TheEdge, request: Request) -> Response:
    """With a credential that may demand:read. Anything else is the form again, with the reason."""
    try:
        _refuse_others(request)
        credential = _credential(await request.body())
        await edge.gate.admit(credential, DEMAND)
        session = await edge.gate.session(credential)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody reads it
    except Exception as error:
        problem = problem_of(error, request.app.state.failures)
        if problem is None:
            raise
        return page("sign-in.html", problem.status, why=problem.detail)
    answer = RedirectResponse(PATH, 303)
    answer.set_cookie(COOKIE, session, max_age=LASTS_S, path=PATH, secure=True, httponly=True, samesite="strict")
    return answer


@router.post("/sign-out", dependencies=[Depends(Guard(DEMAND))])
async def sign_out() -> Response:
    """The browser forgets it."""
    answer = RedirectResponse(f"{PATH}/sign-in", 303)
    answer.delete_cookie(COOKIE, path=PATH, secure=True, httponly=True, samesite="strict")
    return answer


def _credential(body: bytes) -> str:
    try:
        found = parse_qs(body.decode("utf-8", "replace"), max_num_fields=5).get("credential", [""])
    except ValueError:
        raise Invalid([("body", "it has more fields than the form of this page")]) from None
    return found[0].strip()


def _refuse_others(request: Request) -> None:
    """A form on another site would sign people in as somebody else, who then reads what they look at. Browsers say themselves
    where a form stands; only for those that do not `Host` is asked, which proxies rewrite.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    ours = site in {"same-origin", "none"} if site else not origin or urlsplit(origin).netloc == request.headers.get("host")
    if not ours:
        raise Forbidden("Sign in on this page, not from another one.")

"""A page of the console, whole or as the part that is asked for again; and what is said where something is refused."""

from __future__ import annotations

import asyncio
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from fastapi.responses import RedirectResponse

from api.console.audit import NotAudited
from api.console.dead import NothingMeets
from api.console.guards import Refused
from api.console.plans import NoSuchReplay, WrongState
from api.console.roles import VERBS, MayNot
from api.console.running import TakenUp
from api.console.selection import Unselectable
from api.http.page.templating import page
from api.http.problems import problem_of
from api.parking import Changed, NotObeyed
from api.refusing import NoReason
from api.tables import UnknownTable
from bookly.errors import BrokerUnavailable, RegistryUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from api.console.acting import Actor

    Endpoint = Callable[..., Awaitable[Response]]

Answer = TypeVar("Answer")
HERE: Final = Path(__file__).parent
STATUS: Final[dict[type[Exception], int]] = {
    MayNot: 403,
    NoSuchReplay: 404,
    UnknownTable: 404,
    **dict.fromkeys((Refused, WrongState, Changed, TakenUp, NothingMeets), 409),
    **dict.fromkeys((Unselectable, NoReason), 422),
    **dict.fromkeys((NotObeyed, NotAudited, BrokerUnavailable, RegistryUnavailable), 503),
}
VIEWS: Final = (
    ("/console", "Overview"),
    ("/console/find", "Find"),
    ("/console/life", "Life"),
    ("/console/dead", "Dead letters"),
    ("/console/replays", "Replays"),
    ("/console/reset", "Offsets"),
    ("/console/trail", "Audit"),
)


async def off_the_loop(work: Callable[[], Answer]) -> Answer:
    """What asks the broker blocks, and may take its time."""
    return await asyncio.to_thread(work)


def shown(request: Request, actor: Actor, template: str, status: int = 200, **what: Any) -> Response:
    """The page, or, for htmx, the part of it that changes."""
    whole = "hx-request" not in request.headers
    may = frozenset(verb for verb in VERBS if actor.may(verb))
    about = {
        "who": actor.who.removeprefix("key:"),
        "may": may,
        "views": VIEWS,
        "here": request.url.path,
        "said": dict(request.query_params),
    }
    return page("console.html" if whole else template, status, part=template, **{"why": "", **about, **what})


def telling(template: str = "refused.html", **blank: Any) -> Callable[[Endpoint], Endpoint]:
    """What an endpoint raises is said on the page where it was asked; `blank`: what that page shows besides."""

    def around(endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        async def answered(*, request: Request, actor: Actor, **given: Any) -> Response:
            try:
                return await endpoint(request=request, actor=actor, **given)
            except Exception as error:  # noqa: BLE001  # what is nobody's to be told is raised again
                return _refused(request, actor, error, template, blank)

        return answered

    return around


def gone_to(path: str) -> Response:
    """After a form: what follows is looked at, and may be looked at again."""
    return RedirectResponse(path, 303)


def _refused(request: Request, actor: Actor, error: Exception, template: str, what: dict[str, Any]) -> Response:
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), None)
    if status is not None:
        return shown(request, actor, template, status, why=str(error), **what)
    problem = problem_of(error, request.app.state.failures)
    if problem is None:
        raise error
    return shown(request, actor, template, problem.status, why=problem.detail, **what)

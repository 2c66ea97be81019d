"""The app: routes, guards, problems, description. What it uses is opened when it starts, by whom it is given."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, ProcessCollector
from starlette.middleware import Middleware

from api.http import ingestion, operations
from api.http.commands import reservations as booking
from api.http.commands import staff
from api.http.console import assets, dead, looking, replays, resets
from api.http.documents import TAGS, completed
from api.http.etags import Tagged
from api.http.limits import Limited
from api.http.live import sockets
from api.http.metrics import Live, Measured
from api.http.page import routes as reports_page
from api.http.page.signing import signing
from api.http.problems import PUBLISHING, Failures, answer_with_problems
from api.http.reads import calendars, demand, people, reports, reservations, resources
from api.http.security.admission import Admitted
from api.http.security.areas import CONSOLE, REPORTS
from api.http.security.guard import refuse_open_routes
from api.http.security.permissions import DEMAND, LOOK
from bookly.tracing import active_tracer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from api.http.ports import Edge

MOST_BYTES = 1_000_000  # of a body: what an event may have
ROUTERS = (
    *(resources.router, calendars.router, reservations.router, people.router, demand.router, reports.router),
    *(booking.router, staff.router, ingestion.router, sockets.router, operations.router),
    *(signing(REPORTS, DEMAND, "Demand reports"), reports_page.router),
    *(signing(CONSOLE, LOOK, "Replay console"), assets.router, looking.router, dead.router, replays.router, resets.router),
)


def traced() -> list[Middleware]:
    """Around all others, where this process keeps traces."""
    tracer = active_tracer()
    if tracer is None:
        return []
    from api.http.tracing import Traced  # noqa: PLC0415  # only who has it installed gets here

    return [Middleware(Traced, tracer)]


def build(opening: Callable[[], AbstractAsyncContextManager[Edge]], failures: Failures) -> FastAPI:
    """The app. `failures`: what an error of another part is to a caller. Raises OpenRoute for a route without a permission."""
    metrics = CollectorRegistry()
    ProcessCollector(registry=metrics)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opening() as edge:
            app.state.edge = edge
            live = Live(edge)
            metrics.register(live)
            try:
                yield
            finally:
                metrics.unregister(live)

    app = FastAPI(
        title="Bookly",
        version="1",
        description="What the agents know, asked; what people and services want, published; what happens, watched.",
        openapi_tags=TAGS,
        openapi_url=None,  # served behind a permission
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False},
        middleware=[
            *traced(),
            *(Middleware(Measured, metrics), Middleware(Admitted), Middleware(Limited, MOST_BYTES), Middleware(Tagged)),
        ],
    )
    app.state.metrics, app.state.failures = metrics, {**PUBLISHING, **failures}
    for router in ROUTERS:
        app.include_router(router)
    answer_with_problems(app, app.state.failures)
    openapi: Callable[[], dict[str, Any]] = completed(app.openapi)
    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it
    refuse_open_routes(app)
    return app

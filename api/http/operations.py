"""What those who run it ask: is it alive, is it ready, its metrics, its description."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from api.http.problems import Unavailable
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import DESCRIPTION, METRICS
from api.http.shapes.base import shown

router = APIRouter(tags=["operations"])


class Good(BaseModel):
    """That it is so."""

    model_config = shown(good=True)

    good: bool = True


@router.get("/healthz")
async def alive() -> Good:
    """The process answers. It says nothing of what it depends on: a restart would not mend that."""
    return Good()


@router.get("/readyz")
async def ready(edge: TheEdge) -> Good:
    """It can do what it is for; else 503 with the reason."""
    why = edge.unready()
    if why is not None:
        raise Unavailable(why)
    return Good()


@router.get(
    "/metrics",
    dependencies=[Depends(Guard(METRICS))],
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {"example": "bookly_api_sockets 12.0\n"}}}},
)
async def metrics(request: Request) -> Response:
    """Of this process, as Prometheus reads them. A scraper has an API key."""
    return Response(generate_latest(request.app.state.metrics), media_type=CONTENT_TYPE_LATEST)


@router.get("/openapi.json", dependencies=[Depends(Guard(DESCRIPTION))], include_in_schema=False)
async def description(request: Request) -> dict[str, Any]:
    """The whole API, as OpenAPI 3.1."""
    found: dict[str, Any] = request.app.openapi()
    return found

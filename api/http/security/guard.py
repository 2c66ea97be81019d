"""The dependency by which a route names what it needs. A route without one keeps the app from starting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Security, WebSocket
from fastapi.requests import HTTPConnection, Request
from fastapi.routing import iter_route_contexts
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from api.http.ports import Edge
from api.http.security.admission import OPEN
from api.http.security.gate import allowed
from api.http.security.permissions import Need
from api.http.security.principals import Asker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from fastapi.routing import RouteContext

_token = HTTPBearer(auto_error=False, scheme_name="token", bearerFormat="JWT", description="A JSON Web Token, or an API key")
_key = APIKeyHeader(
    name="X-API-Key", auto_error=False, scheme_name="key", description="An API key, where a bearer cannot be sent"
)


class OpenRoute(Exception):
    """A route names no permission. The app does not start with it."""


def edge_of(connection: HTTPConnection) -> Edge:
    """What the process opened."""
    edge: Edge = connection.app.state.edge
    return edge


TheEdge = Annotated[Edge, Depends(edge_of)]


class Guard:
    """`who: Annotated[Asker, Depends(Guard(RESOURCES))]`: the route begins only for who may."""

    def __init__(self, need: Need) -> None:
        self.need = need

    async def __call__(
        self,
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_token)],  # noqa: ARG002  # for the description:
        key: Annotated[str | None, Security(_key)],  # noqa: ARG002  # who asks was judged before
    ) -> Asker:
        return allowed(request.state.principal, self.need)


class SocketGuard:
    """For web sockets, which cannot send headers from a browser: the need, asked with the first message."""

    def __init__(self, need: Need) -> None:
        self.need = need

    def __call__(self, socket: WebSocket) -> SocketGuard:  # noqa: ARG002  # it is what makes the route a socket's
        return self


def needs_of(route: RouteContext) -> Iterator[Need]:
    """What a route names."""
    dependant: Any = getattr(route, "dependant", None)
    for dependency in getattr(dependant, "dependencies", ()):
        if isinstance(dependency.call, Guard | SocketGuard):
            yield dependency.call.need


def refuse_open_routes(app: FastAPI) -> None:
    """Raises OpenRoute for a route that anybody could use and that is not one of OPEN."""
    for route in iter_route_contexts(app.routes):
        if route.path not in OPEN and not list(needs_of(route)):
            raise OpenRoute(f"{route.path} names no permission: give it a parameter of Depends(Guard(...)), see permissions.py")

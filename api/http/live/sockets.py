"""The web sockets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, WebSocket

from api.http.live.telling import websocket
from api.http.security.guard import SocketGuard, TheEdge
from api.http.security.permissions import DEMAND, NOTIFICATIONS

router = APIRouter()


@router.websocket("/ws/notifications")
async def notifications(
    socket: WebSocket, edge: TheEdge, guard: Annotated[SocketGuard, Depends(SocketGuard(NOTIFICATIONS))]
) -> None:
    """What the caller is to be told, and nobody else."""
    await websocket(socket, edge, guard.need, lambda asker: ("user", asker.user_id))


@router.websocket("/ws/demand")
async def demand(
    socket: WebSocket,
    edge: TheEdge,
    guard: Annotated[SocketGuard, Depends(SocketGuard(DEMAND))],
    resource_id: Annotated[str, Query(min_length=1, max_length=128)] = "*",
) -> None:
    """Hours of demand as they are committed, of one resource or of all."""
    await websocket(socket, edge, guard.need, lambda _: ("demand", resource_id))

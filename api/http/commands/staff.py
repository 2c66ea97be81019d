"""What staff command: maintenance, roles, the end of a resource."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.http import responses
from api.http.commands.publishing import Key, event_id_of, new_id, publish
from api.http.reads.reading import there
from api.http.reads.resources import resource_of
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import ASSIGN, DELETE, MAINTAIN
from api.http.security.principals import Asker
from api.http.shapes.base import Id, Text
from api.http.shapes.commands import Accepted, Assign, Maintain
from bookly.events import EventType
from bookly.events.auth import RoleAssigned
from bookly.events.resources import MaintenanceScheduled, ResourceDeleted

router = APIRouter(tags=["commands"])


@router.post("/resources/{resource_id}/maintenance", status_code=202)
async def schedule_maintenance(
    edge: TheEdge, who: Annotated[Asker, Depends(Guard(MAINTAIN))], key: Key, resource_id: Id, wanted: Maintain
) -> Accepted:
    """Block a slot. Reservations in it stay: their users are told, and people decide."""
    await resource_of(edge, resource_id)
    event_id = event_id_of(who, f"maintain {resource_id}", key)
    event = MaintenanceScheduled(
        maintenance_id=new_id("mnt", event_id),
        resource_id=resource_id,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        reason=wanted.reason,
        technician=wanted.technician,
    )
    delivery = await publish(edge, who, event, event_id)
    day = f"/resources/{resource_id}/days/{wanted.starts_at:%Y-%m-%d}"
    return responses.event(EventType.MAINTENANCE_SCHEDULED, delivery, calendar=day)


@router.post("/users/{user_id}/roles", status_code=202)
async def assign_role(
    edge: TheEdge, who: Annotated[Asker, Depends(Guard(ASSIGN))], key: Key, user_id: Id, wanted: Assign
) -> Accepted:
    """Give a user a role in a scope, with the permissions that the role holds now."""
    role = there((await edge.owners.row("auth", "roles", wanted.role, routed_by=wanted.role)).value, "role")
    event = RoleAssigned(
        user_id=user_id,
        role=wanted.role,
        scope=wanted.scope,
        permissions=list(role["permissions"]),
        assigned_by=who.user_id,
    )
    command = f"assign {json.dumps([user_id, wanted.role, wanted.scope])}"
    delivery = await publish(edge, who, event, event_id_of(who, command, key))
    links = {"roles": f"/users/{user_id}/roles", "permissions": f"/users/{user_id}/permissions"}
    return responses.event(EventType.ROLE_ASSIGNED, delivery, **links)


@router.delete("/resources/{resource_id}", status_code=202)
async def delete_resource(
    edge: TheEdge,
    who: Annotated[Asker, Depends(Guard(DELETE))],
    key: Key,
    resource_id: Id,
    reason: Annotated[Text | None, Query()] = None,
) -> Accepted:
    """Take it out for good. What is planned on it from now on is cancelled, and its users are told."""
    await resource_of(edge, resource_id)
    event = ResourceDeleted(resource_id=resource_id, reason=reason, deleted_by=who.user_id)
    delivery = await publish(edge, who, event, event_id_of(who, f"delete {resource_id}", key))
    return responses.event(EventType.RESOURCE_DELETED, delivery, resource=f"/resources/{resource_id}")

"""Which resources and categories there are."""

from __future__ import annotations

from msgspec.structs import replace

from agents.resources.tables import Category, Resource, ResourcesState
from bookly.records.resources import CategoryCreated, CategoryUpdated, ResourceCreated, ResourceDeleted, ResourceUpdated


def add_resource(event: ResourceCreated, state: ResourcesState) -> None:
    """A resource is created once."""
    if event.resource_id in state.resources:
        state.repeat()
        return
    state.resources[event.resource_id] = Resource(
        event.name, event.category_id, event.capacity, event.max_minutes, event.location, event.description
    )


def change_resource(event: ResourceUpdated, state: ResourcesState) -> None:
    """Its properties and booking rules are what was last said; a deleted one does not change."""
    resource = state.resources.get(event.resource_id)
    if resource is None or resource.deleted:
        state.repeat()
        return
    state.resources[event.resource_id] = replace(
        resource,
        name=event.name,
        category_id=event.category_id,
        capacity=event.capacity,
        max_minutes=event.max_minutes,
        location=event.location,
        description=event.description,
    )


def delete_resource(event: ResourceDeleted, state: ResourcesState) -> None:
    """The row stays, marked: reports still name it, and a late event must not bring it back."""
    resource = state.resources.get(event.resource_id)
    if resource is None or resource.deleted:
        state.repeat()
        return
    state.resources[event.resource_id] = replace(resource, deleted=True)


def keep_category(event: CategoryCreated | CategoryUpdated, state: ResourcesState) -> None:
    """A category is what was last said of it."""
    state.categories[event.category_id] = Category(event.name, event.parent_id, event.description)

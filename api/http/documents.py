"""The OpenAPI description, completed: the problems that each operation may answer with, and an example of each event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.http.ingestion import Publishable
from api.http.problems import Forbidden, Invalid, NotThere, TooLarge, TooMany, TooMuch, Unauthenticated, Unavailable
from api.http.security.admission import OPEN
from bookly.catalog import EVENTS, EventType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi_problem.error import Problem

SCHEMAS = Path(__file__).parents[2] / "schemas"
TAGS = [
    {"name": "resources", "description": "Rooms, labs and equipment, and how much they are used."},
    {"name": "calendars", "description": "What is taken, and who waits."},
    {"name": "reservations", "description": "Reservations and their approvals."},
    {"name": "users", "description": "Users, and what they may."},
    {"name": "demand", "description": "How much was asked for."},
    {"name": "reports", "description": "Demand by groups, maintenance, audit."},
    {"name": "commands", "description": "Each is one event. Whether it has its effect is decided by who owns the state."},
    {"name": "events", "description": "Events in, for services without the SDK."},
    {"name": "operations", "description": "For those who run it."},
]
_REFUSED = {
    401: Unauthenticated("Send a token or an API key, as `Authorization: Bearer ...`."),
    403: Forbidden("It needs reservations:read."),
    404: NotThere("The owner says that there is no such resource."),
    413: TooLarge("The body is larger than is taken: send less at once."),
    422: Invalid([("body.ends_at", "it must be after starts_at")]),
    429: TooMany(17),
    501: TooMuch("A partition has more than 10,000 rows of these, and they are never told in part. Ask about one."),
    503: Unavailable("The partition that owns it is being taken over by another worker: ask again."),
}
GATHERED = ("/categories", "/demand", "/maintenance", "/resources", "/search")  # from all partitions
_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "What kind of problem it is; a name, stable."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence that says what was wrong and what to do."},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"field": {"type": "string"}, "reason": {"type": "string"}}},
        },
    },
}


def completed(generate: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """`app.openapi`, with what FastAPI cannot know."""

    def openapi() -> dict[str, Any]:
        found = generate()
        schemas = found.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = _SCHEMA
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        for path, operations in found["paths"].items():
            for operation in operations.values():
                for status in _statuses(path, operation):
                    operation["responses"][str(status)] = _problem(_REFUSED[status])
        found["paths"]["/events"]["post"]["requestBody"]["content"]["application/json"]["examples"] = dict(_events())
        return found

    return openapi


def _statuses(path: str, operation: dict[str, Any]) -> Iterator[int]:
    if path in OPEN:
        yield from ((503,) if path == "/readyz" else ())
        return
    operation["responses"].pop("422", None)  # FastAPI's own, which is no problem+json
    yield from (401, 403, 429, 501, 503) if path in GATHERED else (401, 403, 429, 503)
    if operation.get("parameters") or "requestBody" in operation:
        yield 422
    if "{" in path or "requestBody" in operation:
        yield from (404, 413) if "requestBody" in operation else (404,)


def _problem(problem: Problem) -> dict[str, Any]:
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": problem.marshal()}
    return {"description": problem.title, "content": {"application/problem+json": content}}


def _events() -> Iterator[tuple[str, dict[str, Any]]]:
    """The examples that the contracts are tested with; none where only the code is."""
    for type_ in Publishable:
        spec = EVENTS[EventType(type_.value)]
        path = SCHEMAS / spec.domain / f"{spec.name.lower()}.example.json"
        if path.exists():
            example = json.loads(path.read_text(encoding="utf-8"))
            yield spec.name, {"value": {"type": spec.type.value, "data": example["data"], "id": example["metadata"]["event_id"]}}

"""The description is whole, and whatever it allows, and what it does not, is answered without a fault of ours."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, settings
from pydantic import BaseModel
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from api.http.app import build
from api.http.security.admission import OPEN
from api.http.security.permissions import NAMES
from bookly.catalog import EVENTS
from tests.unit.api.http.conftest import FAILURES, World, bearing
from tests.unit.api.http.rows import fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager

    from fastapi import FastAPI
    from schemathesis import Case


def never() -> AbstractAsyncContextManager[Any]:
    raise AssertionError("a description opens nothing")


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    return build(never, FAILURES).openapi()


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in description()["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def has_example(content: dict[str, Any]) -> bool:
    schema = content.get("schema", {})
    if "$ref" in schema:
        schema = description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return bool(content.get("example") or content.get("examples") or schema.get("examples"))


def test_every_request_and_every_response_has_an_example() -> None:
    for method, path, operation in operations():
        bodies = [operation.get("requestBody", {"content": {}}), *operation["responses"].values()]
        for body in bodies:
            for kind, content in body["content"].items():
                assert has_example(content), (method, path, kind, body.get("description"))


def test_every_closed_operation_says_how_it_is_opened_and_what_a_refusal_is() -> None:
    for method, path, operation in operations():
        if path in OPEN:
            assert "security" not in operation
            continue
        assert operation["security"] == [{"token": []}, {"key": []}], (method, path)
        assert {"401", "403", "429", "503"} <= operation["responses"].keys(), (method, path)
        assert operation["tags"]
        assert operation["description"]
        for status, response in operation["responses"].items():
            assert int(status) < 400 or list(response["content"]) == ["application/problem+json"]


def test_all_events_that_can_be_published_are_shown() -> None:
    shown = description()["paths"]["/events"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert len(shown) == sum(spec.domain != "reports" for spec in EVENTS.values())
    assert shown["RESERVATION_CREATED"]["value"]["data"]["resource_id"] == "room-b204"


def test_examples_are_what_is_taken_and_given() -> None:
    from api.http.shapes import bookings, commands, demand, people, reports, resources  # noqa: PLC0415

    for module in (bookings, commands, demand, people, reports, resources):
        for shape in vars(module).values():
            if isinstance(shape, type) and issubclass(shape, BaseModel) and "json_schema_extra" in shape.model_config:
                extra: Any = shape.model_config["json_schema_extra"]
                (example,) = extra["examples"]
                said = json.loads(shape.model_validate(example).model_dump_json())
                assert example.items() <= said.items(), shape


def test_the_description_is_served_to_who_may_read_it(world: World) -> None:
    with TestClient(world.app()) as client:
        served = client.get("/openapi.json", headers=bearing("u-1", "description:read"))
    assert served.json() == description()


schema = schemathesis.openapi.from_dict(description())
schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
FUZZ = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    world = World(tmp_path_factory.mktemp("fuzzed") / "keys.json")
    fill(world.owners)
    return world.app()


@schema.parametrize()
@FUZZ
def test_nothing_that_can_be_asked_is_a_fault_of_ours(case: Case[Any], fuzzed: FastAPI) -> None:
    response = case.call(app=fuzzed, headers=bearing("u-1", *NAMES))
    case.validate_response(response, checks=[not_a_server_error, response_schema_conformance])

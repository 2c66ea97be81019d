"""A request is a span that names its route, and nobody: paths and queries are left out."""

from __future__ import annotations

import pytest
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient
from opentelemetry.trace import SpanKind, StatusCode

from api.http.live.traced import Traced as Text
from api.http.live.traced import delivering
from api.http.tracing import Traced
from tests.unit.spans import Spans, headers_below

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans() -> Spans:
    return Spans()


@pytest.fixture
def client(spans: Spans) -> TestClient:
    app = FastAPI()

    @app.get("/users/{user_id}")
    async def user(user_id: str) -> str:
        if user_id == "nobody":
            raise HTTPException(404)
        if user_id == "broken":
            raise ValueError(user_id)
        return user_id

    return TestClient(Traced(app, spans.tracer), raise_server_exceptions=False)


def test_it_is_named_by_its_route_and_says_nothing_of_who_was_asked_for(client: TestClient, spans: Spans) -> None:
    client.get("/users/ann?email=ann@example.org")
    span = spans.one("GET /users/{user_id}")
    assert span.kind is SpanKind.SERVER
    assert span.attributes is not None
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "http.response.status_code": 200,
        "http.route": "/users/{user_id}",
    }


def test_it_is_the_callers_child_where_they_say_so(client: TestClient, spans: Spans) -> None:
    client.get("/users/ann", headers={"traceparent": CALLER})
    client.get("/users/ann", headers={"traceparent": "nonsense"})
    below, root = spans.named("GET /users/{user_id}")
    assert below.parent is not None
    assert f"{below.parent.span_id:016x}" == CALLER.split("-")[2]
    assert root.parent is None


def test_a_fault_of_ours_is_an_error_by_its_kind_and_a_refusal_is_none(client: TestClient, spans: Spans) -> None:
    client.get("/users/nobody")
    client.get("/users/broken")
    refused, failed = spans.named("GET /users/{user_id}")
    assert refused.status.status_code is StatusCode.UNSET
    assert (failed.status.status_code, failed.status.description) == (StatusCode.ERROR, "ValueError")
    assert failed.events == (), "what an exception says may be personal"


def test_a_method_or_a_path_that_a_caller_makes_up_is_no_name(client: TestClient, spans: Spans) -> None:
    client.request("BREW", "/coffee")
    assert [span.name for span in spans.all()] == ["_OTHER"]


def test_a_message_is_delivered_in_a_span_below_its_record(spans: Spans, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.http.live.traced.active_tracer", lambda: spans.tracer)
    headers = headers_below(spans)
    in_its_span = delivering()
    with in_its_span(Text("{}", headers)), in_its_span(Text("{}", None)), in_its_span("a row of demand"):
        assert spans.all() == ()
    parent = spans.one("deliver").parent
    assert parent is not None
    assert f"{parent.span_id:016x}" == dict(headers)["traceparent"].decode().split("-")[2]

"""A process keeps traces because OpenTelemetry's own variables say so, and else has none of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bookly.errors import InvalidSettings
from bookly.tracing import active_tracer, keep_traces_if_wanted

ONE_SPAN = """
import sys
from bookly.tracing import active_tracer, keep_traces_if_wanted
keep_traces_if_wanted("bookly-test")
tracer = active_tracer()
print(tracer is not None, "opentelemetry.trace" in sys.modules)
if tracer is not None:
    with tracer.start_as_current_span("parent"):
        tracer.start_span("child").end()
"""


def run(**variables: str) -> list[str]:
    process = subprocess.run(
        [sys.executable, "-c", ONE_SPAN], check=False, env={"PYTHONPATH": "sdk", **variables}, capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.split()


def test_without_them_nothing_is_loaded_and_there_is_no_tracer() -> None:
    assert run() == ["False", "False"]


@pytest.mark.parametrize("off", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}])
def test_they_can_be_switched_off_as_ever(off: dict[str, str]) -> None:
    assert run(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", **off) == ["False", "False"]


def test_spans_are_lines_of_otlp_json_with_ids_in_hexadecimal_and_the_last_ones_are_there_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    for _ in range(2):  # processes share a file
        assert run(OTEL_EXPORTER_OTLP_ENDPOINT=path.as_uri(), OTEL_SERVICE_NAME="rooms") == ["True", "True"]
    first, second = map(json.loads, path.read_text().splitlines())
    assert first != second
    [resource] = first["resourceSpans"]
    names = {each["key"]: each["value"].get("stringValue") for each in resource["resource"]["attributes"]}
    assert (names["service.name"], names["service.namespace"]) == ("rooms", "bookly")
    spans = {span["name"]: span for scope in resource["scopeSpans"] for span in scope["spans"]}
    assert spans["child"]["parentSpanId"] == spans["parent"]["spanId"]
    assert len(bytes.fromhex(spans["child"]["traceId"])) == 16


@pytest.mark.parametrize("endpoint", ["collector:4318", "ftp://collector", "file://relative.jsonl", "http:///"])
def test_an_endpoint_that_is_none_is_said_at_the_start(endpoint: str) -> None:
    with pytest.raises(InvalidSettings, match="OTEL_EXPORTER_OTLP_ENDPOINT is"):
        keep_traces_if_wanted("tests", {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint})


def test_a_file_that_cannot_be_written_is_said_at_the_start() -> None:
    with pytest.raises(InvalidSettings, match="spans cannot be written to /proc/no/such"):
        keep_traces_if_wanted("tests", {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "file:///proc/no/such"})


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(InvalidSettings, match=r"pip install 'bookly\[otel\]'"):
        keep_traces_if_wanted("tests", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"})


def test_the_tests_themselves_keep_none() -> None:
    assert active_tracer() is None

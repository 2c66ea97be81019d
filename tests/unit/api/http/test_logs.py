"""What the edge says is a JSON object a line, with the ids of what its request works on."""

from __future__ import annotations

import asyncio
import json
import logging
import sys

from api.http.logs import JsonLine
from bookly.at_work import ids_of, working_on

TRACE = "0af7651916cd43dd8448eb211c80319c"


def line(message: str = "said %s", *arguments: object, failing: bool = False) -> dict[str, str]:
    exc_info = None
    if failing:
        try:
            raise ValueError("why")
        except ValueError:
            exc_info = sys.exc_info()
    record = logging.LogRecord("api.http", logging.WARNING, __file__, 1, message, arguments or ("so",), exc_info)
    found: dict[str, str] = json.loads(JsonLine().format(record))
    return found


async def test_each_request_says_its_own_ids_and_outside_of_one_there_are_none() -> None:
    async def request(event_id: str) -> dict[str, str]:
        working_on(trace_id=TRACE)
        working_on(event_id=event_id, correlation_id=None)
        await asyncio.sleep(0)
        return line()

    first, second = await asyncio.gather(request("e-1"), request("e-2"))
    assert (first["event_id"], second["event_id"]) == ("e-1", "e-2")
    assert first["trace_id"] == TRACE
    assert "correlation_id" not in first
    assert "event_id" not in line()


def test_a_line_says_who_said_what_when_and_of_an_exception_its_stack() -> None:
    said = line()
    assert (said["event"], said["logger"], said["level"]) == ("said so", "api.http", "warning")
    assert said["timestamp"].endswith("Z")
    assert "exception" not in said
    assert "ValueError: why" in line(failing=True)["exception"]


def test_the_ids_of_a_record_are_those_of_its_headers_as_far_as_it_has_them() -> None:
    headers = [("ce_id", b"e-1"), ("correlation_id", b"c-1"), ("traceparent", f"00-{TRACE}-b7ad6b7169203331-01".encode())]
    assert ids_of(headers) == {"event_id": "e-1", "correlation_id": "c-1", "trace_id": TRACE}
    assert ids_of([("traceparent", b"nonsense"), ("ce_type", None)]) == {}

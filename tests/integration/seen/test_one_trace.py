"""One trace from the HTTP command to the web socket, over real servers, seen where a collector would see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.seen.spans import Collected, Seen
from tests.pipeline import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.edge.whole import Whole

HOUR = {"starts_at": "2027-03-01T09:00:00Z", "ends_at": "2027-03-01T10:00:00Z", "attendees": 2}
CREATED, CONFIRMED, TOLD = (
    "availability.reservation.created",
    "availability.reservation.confirmed",
    "availability.notification.requested",
)


async def test_one_trace_leads_from_the_http_command_to_the_web_socket_with_no_gap(whole: Whole, spans_file: Path) -> None:
    collected = Collected(spans_file)
    [room] = whole.rooms(1)
    async with whole.client("trace-ann") as ann, ann.socket("/ws/notifications") as told:
        assert (await ann.post("/reservations", {"resource_id": room, **HOUR})).status == 202
        assert (await told.next())["data"]["template"] == "RESERVATION_CONFIRMED"

    way = collected.ends_in("deliver", "POST /reservations")
    whole.pipeline.wait_until_quiet()
    trace = way[0].trace
    spans = eventually(lambda: _whole_trace(collected, trace), "every event's processing, a commit and an invalidation")
    known = {span.id: span for span in spans}
    assert [span.name for span in spans if not span.parent] == ["POST /reservations"], "one root"
    assert [span for span in spans if span.parent and span.parent not in known] == [], "no gap"
    assert {way[0].service, way[-1].service} == {"bookly-edge"}
    assert [span.name for span in way][:2] == ["deliver", f"publish {TOLD}"]
    assert [span.name for span in way][-3:] == [f"process {CREATED}", f"publish {CREATED}", "POST /reservations"]

    parents = {span.parent for span in spans if span.name == f"process {CREATED}"}
    handled_by = {span.service for span in spans if span.name == f"process {CREATED}"}
    assert len(parents) == 1, "one parent for an event, whoever handles it"
    assert handled_by == {"bookly-availability", "bookly-resources", "bookly-stockpile", "bookly-reports"}
    assert not any("trace-ann" in str(value) for span in spans for value in span.about.values()), (
        "who it was is nobody's business"
    )


def _whole_trace(collected: Collected, trace: str) -> list[Seen]:
    spans = collected.trace_of(trace)
    names = [span.name for span in spans]
    return spans if names.count(f"process {CREATED}") >= 4 and "commit" in names and "invalidate" in names else []

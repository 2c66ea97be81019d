"""What a collector would have received."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.pipeline import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Seen(NamedTuple):
    """A span, as OTLP's JSON has it. `parent`: empty for a root."""

    trace: str
    id: str
    parent: str
    name: str
    service: str
    about: dict[str, Any]
    links: tuple[tuple[str, str], ...]
    took_ns: int


@dataclass(frozen=True)
class Collected:
    path: Path

    def all(self) -> list[Seen]:
        return list(_read(self.path))

    def trace_of(self, trace: str) -> list[Seen]:
        return [span for span in self.all() if span.trace == trace]

    def ends_in(self, name: str, root: str) -> list[Seen]:
        """The spans from the last one of this name up to the root of this name, once all of them have been exported."""

        def way() -> list[Seen]:
            known = {(span.trace, span.id): span for span in self.all()}
            return next(
                (found for span in known.values() if span.name == name if (found := _up(span, known))[-1].name == root), []
            )

        return eventually(way, f"a way from {name!r} up to {root!r}, in {self.path}")


def _up(span: Seen, known: dict[tuple[str, str], Seen]) -> list[Seen]:
    found = [span]
    while (parent := known.get((span.trace, span.parent))) is not None:
        found.append(parent)
        span = parent
    return found


def _read(path: Path) -> Iterator[Seen]:
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    for line in lines:
        if line.endswith("\n"):  # else it is being written
            for resource in json.loads(line)["resourceSpans"]:
                service = _attributes(resource["resource"])["service.name"]
                for scope in resource["scopeSpans"]:
                    yield from (_seen(span, service) for span in scope["spans"])


def _seen(span: dict[str, Any], service: str) -> Seen:
    links = tuple((link["traceId"], link["spanId"]) for link in span.get("links", ()))
    took = int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])
    return Seen(
        span["traceId"], span["spanId"], span.get("parentSpanId", ""), span["name"], service, _attributes(span), links, took
    )


def _attributes(of: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in of.get("attributes", ())}

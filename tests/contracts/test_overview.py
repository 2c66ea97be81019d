"""The figures that the generated overview states of itself."""

import re
from pathlib import Path

from agents import NAMES
from contracts.topics import load_events

ROOT = Path(__file__).resolve().parents[2]
COUNTS = re.compile(
    r"(\d+) events on (\d+) topics, (\d+) handlers \((\d+) of them named by the catalogue\), (\d+) subscriptions\."
)


def test_the_overview_counts_the_events_17_named_handlers_and_at_least_43_subscriptions() -> None:
    found = COUNTS.search((ROOT / "docs/events.md").read_text(encoding="utf-8"))
    assert found is not None
    events, topics, handlers, named, subscriptions = map(int, found.groups())
    assert (events, topics, named) == (len(load_events()), 5, 17)
    assert handlers >= named
    assert subscriptions >= 43


def test_each_domain_has_its_event_bus() -> None:
    for name in NAMES:
        assert "# " in (ROOT / f"agents/{name}/EVENT_BUS.md").read_text(encoding="utf-8")

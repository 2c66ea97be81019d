"""What the documents say of events and of those who react to them."""

from __future__ import annotations

from agents.domain import Subscription
from bookly import EventType
from contracts.documents import Reactions, overview, render_documents, table
from contracts.topics import load_events, load_topics

COUNT = Subscription("bookly-resources", EventType.RESERVATION_CREATED, "count_reservation", "Counts it,\nonce.")
REACTIONS = Reactions(
    (COUNT,),
    {"resources": ("count_reservation",)},
    {("resources", "RESERVATION_CREATED"): ("usage (granular)",)},
    {"resources": (("no_use", "give_back", "Nobody used it."),)},
)


def section(text: str, heading: str) -> str:
    return text.partition(f"\n{heading}\n")[2].partition("\n## ")[0]


def documents() -> dict[str, str]:
    return {path.as_posix(): text for path, text in render_documents(REACTIONS).items()}


def test_each_domain_has_its_bus_and_all_share_an_overview() -> None:
    buses = {f"agents/{topic.domain}/EVENT_BUS.md" for topic in load_topics()}
    watched = {"docs/metrics.md", *(f"ops/grafana/bookly-{name}.json" for name in ("events", "caches", "demand"))}
    data = {"docs/asyncapi.yaml", "api/console/reactions.json"}
    assert documents().keys() == {*buses, *watched, *data, "docs/events.md", "docs/caching.md"}


def test_a_bus_shows_each_reaction_with_its_reason_and_what_it_makes_stale() -> None:
    bus = documents()["agents/resources/EVENT_BUS.md"]
    row = "| `availability.reservation.created` | **`count_reservation`** | Counts it, once. | usage (granular) |"
    assert row in section(bus, "## Subscribes to (1)")


def test_a_bus_shows_what_runs_out_by_itself_if_anything_does() -> None:
    assert "| `no_use` | `give_back` | Nobody used it. |" in section(
        documents()["agents/resources/EVENT_BUS.md"], "## Runs out by itself (1)"
    )
    assert "Runs out" not in documents()["agents/auth/EVENT_BUS.md"]


def test_a_bus_says_where_the_groups_failures_go() -> None:
    assert "| dead letters of this group | `bookly.resources.dead` |" in documents()["agents/resources/EVENT_BUS.md"]


def test_a_bus_says_who_reads_it_and_what_its_own_group_reads() -> None:
    reports = documents()["agents/reports/EVENT_BUS.md"]
    assert "| read by | api, without a group |" in reports
    own = "`bookly-reports`, reads `bookly.auth`, `bookly.resources`, `bookly.availability`, `bookly.stockpile`"
    assert f"| consumer group | {own} |" in reports
    assert (
        "the group `bookly-stockpile`" in documents()["agents/auth/EVENT_BUS.md"].partition("| read by |")[2].partition("\n")[0]
    )


def test_a_bus_marks_personal_fields_and_shows_an_example() -> None:
    bus = documents()["agents/auth/EVENT_BUS.md"]
    event = bus.partition("### USER_REGISTERED")[2].partition("### ")[0]
    assert "| `email` | string |  | yes |" in event
    assert '"type": "auth.user.registered"' in event


def test_the_overview_counts_what_there_is() -> None:
    counts = f"{len(load_events())} events on 5 topics, 1 handlers (1 of them named by the catalogue), 1 subscriptions."
    assert counts in overview(load_topics(), REACTIONS)


def test_the_agents_declare_what_the_catalogue_promises() -> None:
    declared = Reactions.declared()
    assert "(17 of them named by the catalogue)" in overview(load_topics(), declared)
    assert len(declared.subscriptions) >= 43


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert table(("a",), [("x|y",)])[-1] == r"| x\|y |"

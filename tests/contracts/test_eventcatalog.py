"""The contracts as an EventCatalog: its own linter and SDK read the export, and find what the contracts say."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agents.domain import Subscription
from bookly import EventType
from contracts.__main__ import app
from contracts.documents import Reactions
from contracts.errors import ContractError
from contracts.eventcatalog import export_eventcatalog
from contracts.schemas import load_schemas, wire_schema
from contracts.topics import DOMAINS, load_events, load_topics
from tests.contracts.official import read

DEMAND = Path("domains/reports/services/bookly-reports/events/DemandWindowClosed/index.mdx")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "catalog"
    done = CliRunner().invoke(app, ["export-eventcatalog", "--to", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def found(catalog: Path) -> Any:
    return read("eventcatalog.mjs", catalog)


def test_the_linter_refuses_nothing_and_every_page_is_mdx(found: Any, catalog: Path) -> None:
    assert found["refused"] == []
    assert found["pages"] == len(list(catalog.rglob("index.mdx")))


def test_every_version_of_every_event_is_there_with_the_schema_that_it_is_written_by(found: Any) -> None:
    schemas = load_schemas()
    wanted = {
        (event.class_name, f"{version}.0.0"): (data["doc"], wire_schema(data, schemas))
        for event in load_events()
        for version, data in event.history.items()
    }
    assert {(name, version): (summary, schema) for name, version, summary, schema in found["events"]} == wanted


def test_each_domain_has_its_service_and_each_topic_its_channel(found: Any) -> None:
    assert found["domains"] == {domain: [f"bookly-{domain}"] for domain in DOMAINS}
    assert found["channels"] == sorted(topic.name for topic in load_topics())


def test_a_service_sends_what_it_may_write_and_receives_what_it_handles(found: Any) -> None:
    reactions = Reactions.declared()
    for party in DOMAINS:
        sent = [
            [event.class_name, f"{event.version}.0.0", event.topic]
            for topic in load_topics()
            if party in topic.writers
            for event in topic.events
        ]
        received = [
            [event.class_name, f"{event.version}.0.0", event.topic]
            for event in load_events()
            if party in dict(reactions.of_event(event))
        ]
        assert found["services"][f"bookly-{party}"] == {"sends": sent, "receives": received}
    assert [name for name, _, _ in found["services"]["bookly-api"]["receives"]] == [
        event.class_name for event in load_events() if event.domain == "reports"
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("version: 2.0.0", "version: two", "version: Invalid semantic version"),
        ("name: DEMAND", "nmae: DEMAND", "name: Expected string, but received undefined"),
        ("id: bookly.reports", "id: bookly.report", 'Referenced channel "bookly.report" does not exist'),
        ("| timestamp-micros |", "| {timestamp |", "Unexpected"),
    ],
)
def test_a_slip_in_a_page_is_seen(right: str, wrong: str, said: str, catalog: Path, tmp_path: Path) -> None:
    broken = tmp_path / "catalog"
    shutil.copytree(catalog, broken)
    text = (broken / DEMAND).read_text(encoding="utf-8")
    assert right in text
    (broken / DEMAND).write_text(text.replace(right, wrong), encoding="utf-8")
    assert said in "\n".join(read("eventcatalog.mjs", broken)["refused"])


def test_a_reason_may_hold_signs_that_mdx_reads_as_code(tmp_path: Path) -> None:
    odd = Subscription("bookly-reports", EventType.USER_REGISTERED, "count", "Counts {who} where a<b.")
    export_eventcatalog(tmp_path / "catalog", Reactions((odd,), {}, {}))
    assert read("eventcatalog.mjs", tmp_path / "catalog")["refused"] == []


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "mine.mdx"
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(ContractError, match="not an empty folder"):
        export_eventcatalog(tmp_path, Reactions((), {}, {}))
    with pytest.raises(ContractError, match="not an empty folder"):
        export_eventcatalog(mine, Reactions((), {}, {}))
    assert list(tmp_path.iterdir()) == [mine]
    assert mine.read_text(encoding="utf-8") == "mine"

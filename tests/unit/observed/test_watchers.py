"""Dashboards and alert rules ask for what there is: each metric and label is in the catalogue, and each alert says what to do."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from bookly.metrics import METRICS
from tests.unit.observed.expressions import base, labels_in, metrics_in

ROOT = Path(__file__).parents[3]
OPS = ROOT / "ops"
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
BOARDS = sorted((OPS / "grafana").glob("*.json"))
RULES = [
    rule
    for group in yaml.safe_load((OPS / "prometheus/alerts.yaml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
ALERTS = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
BOARD = pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
TESTS = [("test", "rules", path.name) for path in sorted((OPS / "prometheus").glob("*.test.yaml"))]
OF_SCRAPING = {"up"}, {"job", "instance"}  # what Prometheus adds by itself


def unknown(expression: str) -> set[str]:
    """Metrics and labels that nothing of ours has."""
    names = {base(name) for name in metrics_in(expression)} - OF_SCRAPING[0]
    labels = {"le", *OF_SCRAPING[1], *(label for name in names & METRICS.keys() for label in METRICS[name].labels)}
    return (names - METRICS.keys()) | (labels_in(expression) - labels)


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("sum by (domain) (rate(bookly_engine_records_total{outcome='dead'}[5m])) > 0", set()),
        ("bookly_engine_record_total", {"bookly_engine_record_total"}),
        ('rate(bookly_cache_total{kind="user"}[1h] offset 1w) > 1e3', {"kind"}),
        ("max by (route) (bookly_engine_ready)", {"route"}),
        ("a_metric / on (instance) process_max_fds", {"a_metric"}),
    ],
)
def test_this_test_sees_what_is_in_no_catalogue(expression: str, wrong: set[str]) -> None:
    assert unknown(expression) == wrong


@ALERTS
def test_an_alert_asks_for_metrics_that_there_are(rule: dict[str, Any]) -> None:
    assert metrics_in(rule["expr"])
    assert unknown(rule["expr"]) == set()


@ALERTS
def test_an_alert_has_a_line_in_the_runbook_and_its_anchor_is_there(rule: dict[str, Any]) -> None:
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    [row] = re.findall(rf"^\| `{rule['alert']}` \| (\w+) \| (.+) \|$", OPERATIONS, re.MULTILINE)
    assert row[0] == rule["labels"]["severity"]
    assert f"(#{anchor})" in row[1], "the line leads where the alert leads"


def test_the_runbook_has_no_line_for_an_alert_that_is_gone() -> None:
    assert set(re.findall(r"^\| `(Bookly\w+)` \|", OPERATIONS, re.MULTILINE)) == {rule["alert"] for rule in RULES}


@BOARD
def test_a_dashboard_asks_for_metrics_that_there_are(path: Path) -> None:
    asked = [target["expr"] for panel in json.loads(path.read_text(encoding="utf-8"))["panels"] for target in panel["targets"]]
    assert asked
    assert {expression: unknown(expression) for expression in asked if unknown(expression)} == {}


@BOARD
def test_grafanas_own_model_of_a_dashboard_reads_all_of_it(path: Path) -> None:
    ours = json.loads(path.read_text(encoding="utf-8"))
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(ours)))
    assert lost(ours, read) == []


def test_a_key_that_grafana_does_not_know_would_be_seen() -> None:
    ours = json.loads(BOARDS[0].read_text(encoding="utf-8"))
    ours["panels"][0]["fieldconfig"] = ours["panels"][0].pop("fieldConfig")
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(ours)))
    assert "panels.0.fieldconfig" in lost(ours, read)


@BOARD
def test_panels_have_their_own_ids_and_places(path: Path) -> None:
    panels = json.loads(path.read_text(encoding="utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells), "no two lie on each other"
    assert all(0 <= x < 24 for x, _ in cells)


def test_every_metric_of_ours_is_watched_by_somebody() -> None:
    page = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    unwatched = re.findall(r"^\| `(bookly_\w+)` .*\|  \|$", page, re.MULTILINE)
    assert unwatched == []


def lost(ours: Any, read: Any, at: str = "") -> list[str]:
    """Where what we said is not what was read."""
    if isinstance(ours, dict) and isinstance(read, dict):
        return [each for key in ours for each in lost(ours[key], read.get(key), f"{at}.{key}".lstrip("."))]
    if isinstance(ours, list) and isinstance(read, list) and len(ours) == len(read):
        return [each for index, value in enumerate(ours) for each in lost(value, read[index], f"{at}.{index}")]
    return [] if ours == read else [at]


def promtool() -> str:
    """That of set-up, or one on the PATH."""
    packaged = Path(sys.prefix) / "bin/promtool"
    found = str(packaged) if packaged.exists() else shutil.which("promtool")
    if found is None:
        pytest.fail("No promtool to test the alert rules with: run `make .venv/bin/promtool`.")
    return found


@pytest.mark.parametrize(
    "command",
    [("check", "rules", "alerts.yaml"), ("check", "config", "--syntax-only", "prometheus.yaml"), *TESTS],
    ids=" ".join,
)
def test_prometheus_own_tool_is_content_and_every_rule_fires_when_it_should(command: tuple[str, ...]) -> None:
    done = subprocess.run([promtool(), *command], cwd=OPS / "prometheus", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@ALERTS
def test_an_alert_is_tested_firing_and_silent(rule: dict[str, Any]) -> None:
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (OPS / "prometheus").glob("*.test.yaml")]
    tested = [
        each for file in files for case in file["tests"] for each in case["alert_rule_test"] if each["alertname"] == rule["alert"]
    ]
    assert {bool(each["exp_alerts"]) for each in tested} == {True, False}

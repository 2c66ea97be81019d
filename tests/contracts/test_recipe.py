"""CONTRIBUTING's recipes for a new event and a new handler, followed to the letter on a copy of the tree, their lines counted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from contracts.schemas import ROOT
from tests.contracts.recipe import TEXT, recipe

if TYPE_CHECKING:
    from pathlib import Path

EVENT = recipe("A new event, in three steps")
HANDLER = recipe("A new handler, in three steps")
OWN = recipe("What only you can say")
PROOF = """
from bookly.catalog import EVENTS, EventType
from bookly.events.resources import RoomCleaned as Published
from bookly.records import ENCODERS, Metadata, fields
from bookly.records.resources import RoomCleaned, decode_room_cleaned_v1
assert list(Published.model_fields) == ["resource_id", "cleaned_by"]
record = RoomCleaned("room-1", "ann", Metadata("1", "t", "s", 1, "1", 1))
assert fields(decode_room_cleaned_v1(ENCODERS[RoomCleaned](record), 0)) == {"resource_id": "room-1", "cleaned_by": "ann"}
assert EVENTS[EventType.ROOM_CLEANED].topic == "bookly.resources"
"""
# Where a new event or handler can be missed, found by running all unit tests and those of the contracts with the recipes applied.
ASKING = (
    "tests/unit/resources",
    *(f"tests/unit/agents/test_{name}.py" for name in ("catalogue", "duplicates")),
    *(f"tests/unit/cache/test_{name}.py" for name in ("documents", "stale", "what_changes_goes_stale")),
    "tests/unit/contracts/test_documents.py",
    "tests/unit/demo/test_week.py",
    "tests/unit/api/http/test_description.py::test_all_events_that_can_be_published_are_shown",
    *(f"tests/contracts/test_{name}.py" for name in ("generated", "overview", "schemas", "examples")),
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The tree without machine code and without what set-up installs."""
    left_out = shutil.ignore_patterns("*.so", ".compiled", "__pycache__", "node_modules")
    for folder in ("schemas", "topics", "contracts", "agents", "sdk", "docs", "ops", "stack", "demo", "api", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=left_out)
    for file in ("pyproject.toml", "CONTRIBUTING.md"):
        shutil.copy2(ROOT / file, tmp_path)
    return tmp_path


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{tree}{os.pathsep}{tree / 'sdk'}", "NO_COLOR": "1"}
    return subprocess.run([sys.executable, *arguments], cwd=tree, env=environment, capture_output=True, text=True, check=False)


def pytest_in(tree: Path) -> subprocess.CompletedProcess[str]:
    return run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", *ASKING)


def test_a_new_event_is_a_schema_a_line_and_a_command(tree: Path) -> None:
    for block in EVENT:
        block.apply(tree)
    before = run(tree, "-m", "contracts", "check")
    assert before.returncode == 1
    assert "schemas/resources/room_cleaned.avsc has no version in the history; run: make contracts" in before.stderr

    generated = run(tree, "-m", "contracts", "generate")
    assert generated.returncode == 0, generated.stderr
    for path in (
        "schemas/history/resources/room_cleaned.v1.avsc",
        "sdk/bookly/records/resources.py",
        "agents/resources/EVENT_BUS.md",
        "docs/asyncapi.yaml",
    ):
        assert f"wrote {path}" in generated.stdout

    proof = run(tree, "-c", PROOF)
    assert proof.returncode == 0, proof.stderr
    assert run(tree, "-m", "contracts", "check").returncode == 0


def test_a_new_handler_is_a_function_a_name_and_a_test_and_what_is_forgotten_is_asked_for(tree: Path) -> None:
    for block in (*EVENT, *HANDLER):
        block.apply(tree)
    assert run(tree, "-m", "contracts", "generate").returncode == 0
    asked = pytest_in(tree)
    assert asked.returncode == 1, asked.stdout
    for missing in ("test_a_clean_room_can_be_used", "test_stale", "test_schemas", "test_duplicates", "test_week"):
        assert missing in asked.stdout

    for block in OWN:
        block.apply(tree)
    assert run(tree, "-m", "contracts", "generate").returncode == 0
    done = pytest_in(tree)
    assert done.returncode == 0, done.stdout
    written = [str(tree / block.path) for block in (*HANDLER, *OWN) if block.path.endswith(".py")]
    linted = run(tree, "-m", "ruff", "check", *written)
    assert linted.returncode == 0, linted.stdout
    bus = (tree / "agents/resources/EVENT_BUS.md").read_text(encoding="utf-8")
    assert "| `resources.room.cleaned` | `reopen_room` | A clean room can be used at once. | resource (granular)" in bus


def test_contributing_says_how_many_lines_that_is() -> None:
    event, handler, own = (sum(block.written for block in blocks) for blocks in (EVENT, HANDLER, OWN))
    said = f"{event} for the event, {handler} for the handler with its test, {own} for what only you can say"
    assert said in " ".join(TEXT.split()), f"CONTRIBUTING has to say: {said}"


def test_a_change_that_readers_could_not_follow_is_refused_in_a_sentence_and_changes_nothing(tree: Path) -> None:
    path = tree / "schemas/resources/resource_deleted.avsc"
    schema = json.loads(path.read_text(encoding="utf-8"))
    schema["fields"].pop()
    path.write_text(json.dumps(schema), encoding="utf-8")
    refused = run(tree, "-m", "contracts", "generate")
    assert refused.returncode == 2
    assert "resource_deleted.avsc" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tree / "schemas/history/resources/resource_deleted.v2.avsc").exists()

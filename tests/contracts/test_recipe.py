"""CONTRIBUTING's recipe for a new event, followed to the letter on a copy of the tree."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from contracts.schemas import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = {
    "type": "record",
    "name": "RoomCleaned",
    "namespace": "bookly.resources",
    "doc": "A room is clean again.",
    "fields": [
        {"name": "resource_id", "type": "string", "doc": "The room; the key of the record."},
        {"name": "cleaned_at", "type": {"type": "long", "logicalType": "timestamp-micros"}, "doc": "When."},
    ],
}
PROOF = """
from bookly.catalog import EVENTS, EventType
from bookly.events.resources import RoomCleaned as Published
from bookly.records import ENCODERS, Metadata, fields
from bookly.records.resources import RoomCleaned, decode_room_cleaned_v1
assert list(Published.model_fields) == ["resource_id", "cleaned_at"]
record = RoomCleaned("room-1", 5, Metadata("1", "t", "s", 1, "1", 1))
assert fields(decode_room_cleaned_v1(ENCODERS[RoomCleaned](record), 0)) == {"resource_id": "room-1", "cleaned_at": 5}
assert EVENTS[EventType.ROOM_CLEANED].topic == "bookly.resources"
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What generating needs, without machine code."""
    left_out = shutil.ignore_patterns("*.so", ".compiled", "__pycache__")
    for folder in ("schemas", "topics", "contracts", "agents", "sdk", "docs", "stack"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=left_out)
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{tree}{os.pathsep}{tree / 'sdk'}", "NO_COLOR": "1"}
    return subprocess.run([sys.executable, *arguments], cwd=tree, env=environment, capture_output=True, text=True, check=False)


def test_a_new_event_is_a_schema_a_line_and_a_command(tree: Path) -> None:
    (tree / "schemas/resources/room_cleaned.avsc").write_text(json.dumps(SCHEMA), encoding="utf-8")
    example = {
        "metadata": {
            "event_id": "6d1c1f0e-6a5e-4c68-9a52-0b6f1f0a7c11",
            "type": "resources.room.cleaned",
            "source": "cleaning",
            "occurred_at": "2026-11-23T10:00:00Z",
            "correlation_id": "6d1c1f0e-6a5e-4c68-9a52-0b6f1f0a7c11",
            "version": 1,
        },
        "data": {"resource_id": "room-1", "cleaned_at": "2026-11-23T10:00:00Z"},
    }
    (tree / "schemas/resources/room_cleaned.example.json").write_text(json.dumps(example), encoding="utf-8")
    with (tree / "topics/resources.yaml").open("a", encoding="utf-8") as topic:
        topic.write("  ROOM_CLEANED: resources.room.cleaned\n")

    before = run(tree, "-m", "contracts", "check")
    assert before.returncode == 1
    assert "schemas/resources/room_cleaned.avsc has no version in the history; run: make contracts" in before.stderr

    generated = run(tree, "-m", "contracts", "generate")
    assert generated.returncode == 0, generated.stderr
    for path in (
        "schemas/history/resources/room_cleaned.v1.avsc",
        "sdk/bookly/records/resources.py",
        "agents/resources/EVENT_BUS.md",
    ):
        assert f"wrote {path}" in generated.stdout

    proof = run(tree, "-c", PROOF)
    assert proof.returncode == 0, proof.stderr
    assert run(tree, "-m", "contracts", "check").returncode == 0


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

"""What happens to a schema that was changed: its next version, or a refusal that says why."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from contracts.errors import ContractError
from contracts.generation import stale, write
from contracts.history import extend, unrecorded
from contracts.schemas import ROOT
from contracts.topics import load_events

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIRMED = "schemas/availability/reservation_confirmed.avsc"
REJECTED = "schemas/availability/reservation_rejected.avsc"
REASONS = "schemas/types/rejection_reason.avsc"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the contracts to change."""
    for folder in ("schemas", "topics"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def change(path: Path, how: Callable[[dict[str, Any]], object]) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    how(schema)
    path.write_text(json.dumps(schema), encoding="utf-8")


def test_nothing_changed_writes_nothing(tree: Path) -> None:
    assert extend(tree) == []


def test_a_new_field_with_a_default_makes_the_next_version_and_keeps_the_old_one(tree: Path) -> None:
    field = {"name": "floor", "type": ["null", "string"], "default": None, "doc": "Where."}
    change(tree / CONFIRMED, lambda schema: schema["fields"].append(field))
    assert [str(path) for path in extend(tree)] == ["schemas/history/availability/reservation_confirmed.v2.avsc"]
    (event,) = (event for event in load_events(tree) if event.name == "RESERVATION_CONFIRMED")
    assert event.version == 2
    assert field not in event.history[1]["fields"]
    assert event.history[2] == event.schema
    assert unrecorded(load_events(tree)) == []


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (lambda schema: schema["fields"].append({"name": "floor", "type": "string", "doc": "Where."}), "floor"),
        (lambda schema: schema["fields"].pop(0), "reservation_id"),
        (lambda schema: schema["fields"][0].update(type="int"), "reservation_id|string"),
    ],
    ids=["a field without a default", "a field less", "another type"],
)
def test_a_change_that_a_version_could_not_follow_is_refused_with_the_reason_and_writes_nothing(
    tree: Path, how: Callable[[dict[str, Any]], object], reason: str
) -> None:
    change(tree / CONFIRMED, how)
    with pytest.raises(ContractError, match=rf"(?s)reservation_confirmed\.avsc: version \d cannot read version \d: .*({reason})"):
        extend(tree)
    assert not (tree / "schemas/history/availability/reservation_confirmed.v2.avsc").exists()


def test_a_new_symbol_of_a_shared_enum_makes_a_version_of_the_events_that_use_it_and_leaves_the_old_ones_their_symbols(
    tree: Path,
) -> None:
    change(tree / REASONS, lambda enum: enum["symbols"].append("BAD_MOOD"))
    assert [path.name for path in extend(tree)] == ["reservation_rejected.v2.avsc"]
    (event,) = (event for event in load_events(tree) if event.name == "RESERVATION_REJECTED")
    assert "BAD_MOOD" not in json.dumps(event.history[1])
    assert "BAD_MOOD" in json.dumps(event.history[2])


def test_the_metadata_stay_as_every_event_ever_written_has_them(tree: Path) -> None:
    change(tree / "schemas/metadata.avsc", lambda schema: schema["fields"].pop())
    with pytest.raises(ContractError, match=r"metadata\.avsc is not the version in history.*Put it back"):
        extend(tree)


def test_writing_again_finds_nothing_to_write_and_a_changed_record_loses_its_machine_code(tmp_path: Path) -> None:
    records = tmp_path / "sdk/bookly/records"
    files = {records.relative_to(tmp_path) / "auth.py": "text\n"}
    assert write(files, tmp_path) == [*files]
    (machine_code := records / "wire.cpython.so").touch()
    assert write(files, tmp_path) == stale(files, tmp_path) == []
    assert machine_code.exists()
    write(dict.fromkeys(files, "other text\n"), tmp_path)
    assert not machine_code.exists()

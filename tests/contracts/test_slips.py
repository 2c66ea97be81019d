"""What a developer gets wrong first: an example that is none, and a version that only says it better."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import ContractError
from contracts.examples import refuse_bad_examples
from contracts.render_tables import render_tables
from contracts.schemas import ROOT, load_schemas
from contracts.topics import load_events, load_topics

EXAMPLE = Path("schemas/resources/resource_created.example.json")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder in ("schemas", "topics"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def edited(path: Path, edit: Callable[[Any], object]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_every_event_has_an_example_that_is_one() -> None:
    refuse_bad_examples(load_events())


def test_an_event_without_an_example_is_refused_with_the_file(tree: Path) -> None:
    (tree / EXAMPLE).unlink()
    with pytest.raises(ContractError, match=r"resource_created\.example\.json"):
        refuse_bad_examples(load_events(tree), tree)


def test_an_example_that_lacks_a_required_field_is_refused_by_name(tree: Path) -> None:
    edited(tree / EXAMPLE, lambda example: example["data"].pop("capacity"))
    with pytest.raises(ContractError, match="data lacks capacity"):
        refuse_bad_examples(load_events(tree), tree)


def test_an_example_whose_metadata_lack_a_field_is_refused_by_name(tree: Path) -> None:
    edited(tree / EXAMPLE, lambda example: example["metadata"].pop("source"))
    with pytest.raises(ContractError, match="metadata lacks source"):
        refuse_bad_examples(load_events(tree), tree)


def test_an_example_with_a_field_that_the_schema_does_not_have_is_refused_by_name(tree: Path) -> None:
    edited(tree / EXAMPLE, lambda example: example["data"].update(colour="red"))
    with pytest.raises(ContractError, match="the schema has no colour"):
        refuse_bad_examples(load_events(tree), tree)


def test_versions_that_differ_in_words_alone_have_one_decoder(tree: Path) -> None:
    first = tree / "schemas/history/resources/resource_created.v1.avsc"
    second = first.with_name("resource_created.v2.avsc")
    shutil.copy(first, second)
    edited(second, lambda schema: schema.update(doc="A resource can be booked, said better."))
    schemas = load_schemas(tree)
    text = render_tables([event for topic in load_topics(tree, schemas) for event in topic.events], schemas)
    keys = [line.split('"')[1] for line in text.splitlines() if ".decode_" in line]
    assert len(keys) == len(set(keys))
    assert "resources.decode_resource_created_v2" in text

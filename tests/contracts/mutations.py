"""A copy of the contracts to break, so that every rule is seen to refuse what it is there for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from contracts.errors import ContractError
from contracts.topics import load_topics

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def change(path: Path, how: Callable[[Any], object]) -> None:
    """Edit a JSON file in place."""
    value = json.loads(path.read_text(encoding="utf-8"))
    how(value)
    path.write_text(json.dumps(value), encoding="utf-8")


def replace_text(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path} has changed; mend this test"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def refusal(contracts: Path) -> str:
    """The sentence that the contracts are refused with. Fails where they are taken."""
    with pytest.raises(ContractError) as refused:
        load_topics(contracts)
    return str(refused.value)

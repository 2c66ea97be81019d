"""What the tests of the contracts share."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from contracts.schemas import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    """A copy of schemas/ and topics/ to break."""
    for folder in ("schemas", "topics"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path

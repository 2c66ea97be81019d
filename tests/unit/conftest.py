"""What units share: an environment that says nothing of who one is."""

from __future__ import annotations

import pytest

from tests.nobody import forget


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    forget(monkeypatch)

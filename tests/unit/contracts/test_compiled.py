"""Machine code runs only if it was made from the sources that lie beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookly.compiled import MODULES, STAMP, refuse_stale, state
from contracts.compilation import compile_records

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """A folder that looks as if its records were compiled."""
    for name in MODULES:
        (tmp_path / f"{name}.py").write_text(f"# {name}\n")
    (tmp_path / "wire.cpython-311.so").touch()
    (tmp_path / STAMP).write_text(f"{state(tmp_path)} of some compiler")
    return tmp_path


def test_what_was_compiled_from_these_sources_runs(records: Path) -> None:
    refuse_stale(records)


def test_a_source_that_changed_since_is_refused_and_the_command_named(records: Path) -> None:
    (records / "auth.py").write_text("# changed\n")
    with pytest.raises(ImportError, match="run 'python -m contracts compile'"):
        refuse_stale(records)


def test_machine_code_of_unknown_origin_is_refused(records: Path) -> None:
    (records / STAMP).unlink()
    with pytest.raises(ImportError):
        refuse_stale(records)


def test_without_machine_code_the_sources_run_whatever_the_stamp_says(records: Path) -> None:
    (records / "wire.cpython-311.so").unlink()
    (records / "auth.py").write_text("# changed\n")
    refuse_stale(records)


def test_without_a_c_compiler_old_machine_code_goes_and_a_sentence_says_that_nothing_took_its_place(
    records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    assert "no C compiler" in compile_records(records)
    assert not list(records.glob("*.so"))
    refuse_stale(records)


def test_without_the_headers_of_python_it_says_so_too(records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.compilation.shutil.which", lambda name: name)
    monkeypatch.setattr("contracts.compilation.sysconfig.get_path", lambda _: str(tmp_path))
    assert "no headers" in compile_records(records)

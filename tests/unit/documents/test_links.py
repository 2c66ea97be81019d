"""Whoever follows a link of a document arrives; and what the operators' index quotes of a log is written there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "agents").glob("*/EVENT_BUS.md")),
]
LINK = re.compile(r"\]\((?P<to>[^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
INDEX = (ROOT / "docs/operations.md").read_text(encoding="utf-8").partition("## What you see")[2].partition("\n## ")[0]
QUOTED = re.findall(r"the log says ((?:`[^`]+`(?: or )?)+)", INDEX)


def anchors(document: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(document: Path) -> list[str]:
    found = []
    for link in LINK.finditer(CODE.sub("", document.read_text(encoding="utf-8"))):
        path, _, anchor = link["to"].partition("#")
        if "://" not in path:
            target = (document.parent / path).resolve() if path else document
            if not target.exists() or (anchor and anchor not in anchors(target)):
                found.append(link["to"])
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    assert broken(document) == []


def test_a_link_that_leads_nowhere_is_seen(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# What's there?\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text("[a](there.md#whats-there) [b](there.md#gone) [c](gone.md) `[d](code.md)`", encoding="utf-8")
    assert broken(page) == ["there.md#gone", "gone.md"]


def test_what_the_index_quotes_of_a_log_is_written_to_it() -> None:
    lines = [line for quoted in QUOTED for line in re.findall(r"`([^`]+)`", quoted)]
    assert len(lines) >= 5
    source = "\n".join(path.read_text(encoding="utf-8") for folder in ("agents", "api") for path in (ROOT / folder).rglob("*.py"))
    for line in lines:
        for part in line.split(" ... "):
            assert part in source, f"no log has {line!r}"


def test_the_guide_of_the_sdk_names_every_error_that_it_raises() -> None:
    guides = "".join((ROOT / f"docs/{name}.md").read_text(encoding="utf-8") for name in ("sdk", "caching"))
    raised = re.findall(r"^class (\w+)\(", (ROOT / "sdk/bookly/errors.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name in raised if f"`{name}`" not in guides and name not in guides] == []

"""The recipes of CONTRIBUTING as they stand there: blocks of new files and of changes, each with the path that it is for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from contracts.schemas import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(?P<kind>\w+) (?P<path>\S+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """What is to be written into one file."""

    kind: str
    path: str
    body: str

    @property
    def written(self) -> int:
        """Lines that a person writes; empty ones are none."""
        lines = [line for line in self.body.splitlines() if line.strip()]
        return sum(line.startswith("+") for line in lines) if self.kind == "diff" else len(lines)

    def apply(self, tree: Path) -> None:
        """A new file, or a change to what must stand there exactly once."""
        place = tree / self.path
        if self.kind != "diff":
            assert not place.exists(), f"{self.path} is there already"
            place.write_text(self.body, encoding="utf-8")
            return
        lines = self.body.splitlines(keepends=True)
        before, after = ("".join(line[1:] for line in lines if line[0] in kept) for kept in (" -", " +"))
        text = place.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{self.path} does not have, or has twice:\n{before}"
        place.write_text(text.replace(before, after), encoding="utf-8")


def recipe(heading: str) -> tuple[Block, ...]:
    """The blocks of one section, in order."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = tuple(Block(**match.groupdict()) for match in BLOCK.finditer(section))
    assert found, f"CONTRIBUTING has no recipe {heading!r}"
    return found

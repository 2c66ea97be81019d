"""Which pictures of the console are kept in the docs, and that they are of the page as it is."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from api.http.console.showing import HERE
from api.http.page.templating import HERE as SHARED

if TYPE_CHECKING:
    from tests.browser.looking import Looking

KEPT: Final = Path("docs/console")
TAKEN: Final = Path("build/console")
NAMES: Final = ("overview", "find", "record", "life", "dead-letters", "released", "preview", "replay", "trail")


def taken(looking: Looking, name: str) -> None:
    """A picture of the page as it is: kept where `make pictures` asks for it."""
    assert name in NAMES, "it would be kept, and nobody would miss it"
    looking.take((KEPT if os.environ.get("BOOKLY_PICTURES") else TAKEN) / f"{name}.png")


def look_of_the_console() -> str:
    """A hash of all that decides how it looks: templates, style, script, and what had happened."""
    files = [*sorted((HERE / "templates").iterdir()), *sorted((HERE / "static").iterdir()), SHARED / "static/reports.css"]
    files += [HERE / "showing.py", Path(__file__).with_name("story.py")]
    return sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()

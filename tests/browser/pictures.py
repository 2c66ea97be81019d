"""Which pictures are kept in the docs, and what they are pictures of."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from api.http.page.templating import HERE
from tests.browser.looking import DESKTOP, PAPER, PHONE

KEPT: Final = Path("docs/reports")
PICTURES: Final[dict[str, tuple[str, Any, dict[str, Any], Any]]] = {  # view, window, context, medium
    "demand": ("", DESKTOP, {}, "screen"),
    "demand-dark": ("&show=unmet", DESKTOP, {"color_scheme": "dark"}, "screen"),
    "demand-phone": ("", PHONE, {"device_scale_factor": 2}, "screen"),
    "demand-print": ("", PAPER, {}, "print"),
    "utilisation": ("&show=utilisation&category=labs", DESKTOP, {}, "screen"),
    "resource": ("&resource=room-a101", DESKTOP, {}, "screen"),
}


def look_of_the_page() -> str:
    """A hash of all that decides how it looks: templates, style, script, what it is made of, and the four weeks."""
    files = [*sorted((HERE / "templates").iterdir()), *sorted((HERE / "static").iterdir())]
    files += [
        HERE / "showing.py",
        HERE / "asking.py",
        HERE / "package-lock.json",
        Path(__file__),
        Path(__file__).with_name("month.py"),
    ]
    return sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()

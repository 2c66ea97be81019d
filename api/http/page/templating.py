"""Templates and files of the page, and the headers that keep it to itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from api.console.telling import parts
from api.http.page.showing import WEEKDAYS, percent
from api.parking import spelled

HERE: Final = Path(__file__).parent
MODULES: Final = HERE / "node_modules"
FILES: Final = {
    "reports.css": HERE / "static/reports.css",
    "reports.js": HERE / "static/reports.js",
    "icon.svg": HERE / "static/icon.svg",
    "htmx.js": MODULES / "htmx.org/dist/htmx.min.js",
    "console.css": HERE.parent / "console/static/console.css",
    "console.js": HERE.parent / "console/static/console.js",
    "chart.js": MODULES / "chart.js/dist/chart.umd.min.js",
}
_ONLY_OURS: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": _ONLY_OURS,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "HX-Request, Cookie",
    "Bookly-Page": "part",  # the script shows what bears it, and no refusal of somebody else's
}


@cache
def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader((HERE / "templates", HERE.parent / "console/templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    found.globals["weekdays"] = WEEKDAYS
    found.filters["percent"] = percent
    found.filters["spelled"] = spelled
    found.filters["parts"] = parts
    return found


def page(template: str, status: int = 200, **what: Any) -> HTMLResponse:
    """HTML that loads nothing from anywhere else, and that nobody else frames."""
    return HTMLResponse(_templates().get_template(template).render(**what), status, HEADERS)

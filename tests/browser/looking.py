"""A planner in front of the page."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from playwright.sync_api import ViewportSize

from api.http.page.templating import MODULES
from tests.browser.month import FIRST, LAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

AXE = MODULES / "axe-core/axe.min.js"
DESKTOP, PHONE, PAPER = (ViewportSize(width=w, height=h) for w, h in ((1360, 900), (390, 844), (794, 1123)))
PERIOD = f"first={FIRST}&last={LAST}"


class Looking:
    """Signs in with the key, where one is given; else it brings a session along. What the browser complains of is kept."""

    def __init__(self, browser: Browser, url: str, key: str = "", **how: Any) -> None:
        self.url, self._key = url, key
        self.context = browser.new_context(viewport=DESKTOP, locale="en-GB", timezone_id="UTC", **how)
        self.faults: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", self._watch)

    def __enter__(self) -> Self:
        if not self._key:
            return self
        self.page.goto(f"{self.url}/reports/sign-in")
        self.page.get_by_label("API key or token").fill(self._key)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/reports")
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def at(self, more: str = "") -> Page:
        """The four weeks, drawn and listening."""
        self.page.goto(f"{self.url}/reports?{PERIOD}{more}")
        self.page.locator("body[data-live=yes]").wait_for()
        return self.page

    def table(self, name: str) -> list[list[str]]:
        """The cells of a table's body."""
        rows: list[list[str]] = self.page.evaluate(
            "name => [...document.getElementById(name).tBodies[0].rows].map(row => [...row.cells].map(cell => cell.textContent))",
            name,
        )
        return rows

    def drawn(self, of: str) -> dict[str, Any]:
        """Labels and data of the chart that was drawn from a table."""
        found: dict[str, Any] = self.page.evaluate(
            """of => {
                const { labels, datasets } = Chart.getChart(document.querySelector(`canvas[data-of="${of}"]`)).data;
                return { labels, data: datasets.map(({ label, data }) => [label, data]) };
            }""",
            of,
        )
        return found

    def figure(self, name: str) -> str:
        return self.page.locator(f'[data-figure="{name}"]').inner_text()

    def findings(self) -> list[str]:
        """What axe finds, of any impact."""
        with self._allowed():
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run()")["violations"]
        return [f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]]

    def overflows(self) -> list[str]:
        """What is wider than the window."""
        found: list[str] = self.page.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth ? [] :
                [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
                    .map(e => e.tagName + "." + e.className)"""
        )
        return found

    def saw_no_fault(self) -> None:
        assert self.faults == [], self.faults

    def take(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.evaluate("document.fonts.ready")
        self.page.screenshot(path=path, full_page=True)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(message.text)

    def _watch(self, request: Request) -> None:
        if not request.url.startswith(self.url):
            self.faults.append(f"asks {request.url}")

    @contextmanager
    def _allowed(self) -> Iterator[None]:
        """What a test itself puts into the page is no fault of the page's."""
        before = list(self.faults)
        yield
        self.faults = before

"""The real page: servers, two workers of reports, the API, four weeks of events, and Chromium."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from agents import changelogs
from api.http.security.keys import new_key
from bookly import BlockingProducer
from bookly.registry import Registry
from contracts.broker import provision_broker
from contracts.registry import provision_registry
from demo.barrier import Barrier, Offsets, groups
from tests.browser.looking import Looking
from tests.browser.month import Month, month
from tests.integration.edge.whole import Api
from tests.pipeline import Pipeline, Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from stack import Stack

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW = (
    "There is no Chromium to look with: `apt-get install -y chromium`, or `.venv/bin/playwright install chromium`, "
    "or say where one is by BOOKLY_TEST_CHROMIUM=/path/to/chromium."
)


@dataclass
class Shown:
    """What a test looks at, and what it must see."""

    pipeline: Pipeline
    api: Api
    key: str
    month: Month

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.api.port}"

    def publish(self, *events: Any) -> None:
        """Events with when they happened; returns when reports has counted them."""
        for event, at in events:
            self.pipeline.producer.enqueue(event, occurred_at=at)
        self.pipeline.producer.flush()
        mine = {"bookly-reports": groups()["bookly-reports"]}
        Barrier(Offsets(self.pipeline.stack.brokers), mine, 60).wait(self.pipeline.check_workers)


@pytest.fixture(scope="package")
def running(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    provision_broker(stack.brokers, changelogs())
    provision_registry(str(stack.registry))
    home = tmp_path_factory.mktemp("page")
    with BlockingProducer(brokers=stack.brokers, registry=str(stack.registry), source="services") as producer:
        pipeline = Pipeline(stack, producer, Registry(str(stack.registry)), home, str(stack.redis))
        for name in ("one", "two"):
            (home / name).mkdir()
            pipeline.workers[name] = Worker("reports", pipeline.environment(), home / name)
        api = Api(pipeline.environment(), home)
        try:
            found = Shown(pipeline, api, new_key(home / "keys.json", "planner", ["demand:read"]), month())
            found.publish(*found.month.events)
            yield found
        finally:
            api.kill()
            for worker in pipeline.workers.values():
                worker.kill()
            pipeline.registry.close()


@pytest.fixture
def shown(running: Shown) -> Shown:
    running.api.wait_ready()
    running.pipeline.check_workers()
    return running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = os.environ.get("BOOKLY_TEST_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
        if path is None and not Path(playwright.chromium.executable_path).exists():
            pytest.fail(HOW)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--force-color-profile=srgb"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def session(running: Shown, browser: Browser) -> dict[str, Any]:
    """What a browser keeps of a planner who has signed in: `Looking(browser, url, storage_state=session)`."""
    running.api.wait_ready()
    with Looking(browser, running.url, running.key) as looking:
        return dict(looking.context.storage_state())


@pytest.fixture
def looking(shown: Shown, browser: Browser, session: dict[str, Any]) -> Iterator[Looking]:
    """A planner who has signed in. In the end nothing may have been refused by the browser, nor loaded elsewhere."""
    with Looking(browser, shown.url, storage_state=session) as looking:
        yield looking
        looking.saw_no_fault()

"""An operator in front of the real console: servers, a worker of a bad deploy, the API, Chromium."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from agents import changelogs
from api.http.security.keys import new_key
from api.http.security.permissions import CONSOLE
from api.tables import read_table
from bookly import BlockingProducer
from bookly.registry import Registry
from contracts.broker import provision_broker
from contracts.registry import provision_registry
from demo.barrier import Barrier, Offsets, groups
from tests.browser.console.story import NOON, published, room
from tests.browser.looking import Looking
from tests.integration.edge.whole import Api
from tests.pipeline import Pipeline, Worker, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from stack import Stack

MINE = {"bookly-resources": groups()["bookly-resources"]}


@dataclass
class Deploy:
    """What runs, and what an operator can do about it outside of the console."""

    pipeline: Pipeline
    api: Api
    keys: Path
    home: Path
    bad: subprocess.Popen[bytes] | None = None
    made: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.api.port}"

    def key(self, *permissions: str) -> str:
        """Of an operator who may this; all of the console where nothing is said."""
        wanted = permissions or tuple(need.wide for need in CONSOLE)
        name = "-".join(permission.rpartition(":")[2] for permission in wanted)
        if name not in self.made:
            self.made[name] = new_key(self.keys, name, wanted)
        return self.made[name]

    def deploy_bad(self) -> None:
        with (self.home / "bad.log").open("ab") as log:
            command = [sys.executable, "-m", "tests.browser.console.bad_deploy"]
            self.bad = subprocess.Popen(command, env=self.pipeline.environment(), stdout=log, stderr=log)

    def deploy_fixed(self) -> None:
        assert self.bad is not None
        self.bad.terminate()
        self.bad.wait(30)
        self.bad = None
        self.pipeline.workers["fixed"] = Worker("resources", self.pipeline.environment(), self.home)

    def wait_until_read(self) -> None:
        Barrier(Offsets(self.pipeline.stack.brokers), MINE, 60).wait(lambda: None)

    def used(self) -> dict[str, int]:
        """How often each room of the story was reserved, as the group has it."""
        rows = read_table(self.pipeline.stack.brokers, "resources", "usage")
        return {name: row["created_total"] for name, row in rows.items() if name.startswith(room(0)[:8])}


@pytest.fixture(scope="package")
def deploy(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deploy]:
    provision_broker(stack.brokers, changelogs())
    provision_registry(str(stack.registry))
    home = tmp_path_factory.mktemp("console")
    with BlockingProducer(brokers=stack.brokers, registry=str(stack.registry), source="booking-web") as producer:
        pipeline = Pipeline(stack, producer, Registry(str(stack.registry)), home, str(stack.redis))
        found = Deploy(pipeline, Api(pipeline.environment(), home), home / "keys.json", home)
        found.key()
        try:
            found.deploy_bad()
            for event in published():
                producer.enqueue(event, occurred_at=NOON)
            producer.flush()
            found.wait_until_read()
            found.api.wait_ready()
            yield found
        finally:
            found.api.kill()
            if found.bad is not None:
                found.bad.kill()
                found.bad.wait()
            for worker in pipeline.workers.values():
                worker.kill()
            pipeline.registry.close()


class Operator(Looking):
    """Signs in to the console."""

    def __enter__(self) -> Operator:
        self.page.goto(f"{self.url}/console/sign-in")
        self.page.get_by_label("API key or token").fill(self._key)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/console")
        return self

    def goes_to(self, view: str) -> Page:
        link = self.page.get_by_role("navigation", name="Views").get_by_role("link", name=view)
        link.click()
        expect(link).to_have_attribute("aria-current", "page")  # the view is there, not the one before it
        return self.page


@pytest.fixture
def operator(deploy: Deploy, browser: Browser) -> Iterator[Operator]:
    with Operator(browser, deploy.url, deploy.key()) as found:
        yield found
        found.saw_no_fault()


def wait_for(page: Page, figure: str, text: str) -> None:
    """A figure of a page that is asked again by itself."""
    eventually(lambda: page.locator(f'[data-figure="{figure}"]').inner_text() == text, f"{figure} is {text}")

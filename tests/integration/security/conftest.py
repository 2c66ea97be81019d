"""A broker that denies by default, with one user a service, provisioned from the contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from agents import changelogs
from contracts.acls import PRINCIPALS
from contracts.broker import provision_broker
from contracts.granting import grant
from stack.local import to_stderr
from stack.secured import ADMIN, Secrets, secured_broker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stack.server import Server

KEPT = tuple(name for name, _, _ in changelogs())


class Secured(NamedTuple):
    server: Server
    secrets: Secrets

    @property
    def brokers(self) -> str:
        return str(self.server)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured_broker(tmp_path_factory.mktemp("secured"), PRINCIPALS, to_stderr) as (server, secrets):
        with pytest.MonkeyPatch.context() as environment:
            for name, value in secrets.environment(ADMIN).items():
                environment.setenv(name, value)
            provision_broker(str(server), changelogs())
            grant(str(server), KEPT)
        yield Secured(server, secrets)


@pytest.fixture
def become(secured: Secured, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Whoever makes a client from now on is this principal."""

    def to(principal: str) -> None:
        for name, value in secured.secrets.environment(principal).items():
            monkeypatch.setenv(name, value)

    return to

"""Servers that believe nobody, with one user a service, provisioned from the contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents import changelogs
from contracts.acls import PRINCIPALS
from contracts.broker import provision_broker
from contracts.granting import grant
from contracts.registry import provision_registry
from stack import Stack
from stack.secrets import ADMIN, Secrets
from tests.nobody import forget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEPT = tuple(name for name, _, _ in changelogs())


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack.start(tmp_path_factory.mktemp("secured"), principals=PRINCIPALS) as running:
        with pytest.MonkeyPatch.context() as environment:
            for name, value in secrets_of(running).environment(ADMIN).items():
                environment.setenv(name, value)
            provision_broker(running.brokers, changelogs())
            grant(running.brokers, KEPT)
            environment.setenv("BOOKLY_REGISTRY_USER", "provisioning")
            environment.setenv("BOOKLY_REGISTRY_PASSWORD_FILE", str(secrets_of(running).password_file("provisioning")))
            provision_registry(str(running.registry))
        yield running


def secrets_of(stack: Stack) -> Secrets:
    assert stack.secrets is not None
    return stack.secrets


@pytest.fixture
def become(secured: Stack, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Whoever makes a client from now on is this principal."""

    def to(principal: str) -> None:
        forget(monkeypatch)
        for name, value in secrets_of(secured).environment(principal).items():
            monkeypatch.setenv(name, value)

    return to

"""The lease runs from when a heartbeat was sent, and only from one that was answered well."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.consumer import group_coordinator
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import IllegalGenerationError, RebalanceInProgressError, UnknownMemberIdError
from aiokafka.protocol.group import HeartbeatRequest, LeaveGroupRequest, SyncGroupRequest

from agents.engine import leasing
from agents.engine.app import SESSION_S, BooklyApp
from agents.engine.leasing import LeasedCoordinator

HEARTBEAT = HeartbeatRequest("group", 1, "member")


class Time:
    """Passes when a test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(leasing, "now", time)
    return time


def answered(time: Time, request: Any, code: int, after: float = 0.0) -> LeasedCoordinator:
    """A coordinator of a group whose answer to this request came so much later."""
    coordinator = LeasedCoordinator.__new__(LeasedCoordinator)  # its own beginning connects and starts tasks

    async def answers(*_: Any, **__: Any) -> Any:
        time.now += after
        return SimpleNamespace(error_code=code)

    coordinator.coordinator_id, coordinator._client = 1, SimpleNamespace(send=answers)
    asyncio.run(coordinator._send_req(request))
    return coordinator


@pytest.mark.parametrize("request_", [HEARTBEAT, SyncGroupRequest("group", 1, "member", None, [])])
def test_the_lease_begins_when_the_request_was_sent_however_late_its_answer_is_seen(time: Time, request_: Any) -> None:
    assert answered(time, request_, 0, after=60.0).renewed == 100.0


@pytest.mark.parametrize("error", [RebalanceInProgressError, UnknownMemberIdError, IllegalGenerationError])
def test_an_answer_that_is_no_consent_renews_nothing(time: Time, error: Any) -> None:
    assert answered(time, HEARTBEAT, error.errno).renewed < 0


def test_another_request_renews_nothing(time: Time) -> None:
    assert answered(time, LeaveGroupRequest("group", "member"), 0).renewed < 0


def test_every_heartbeat_goes_the_way_that_is_watched() -> None:
    names = GroupCoordinator._do_heartbeat.__code__.co_names
    assert "_send_req" in names
    assert "_send_req" in group_coordinator.CoordinatorGroupRebalance._send_sync_group_request.__code__.co_names


@pytest.mark.parametrize(("age", "is_member"), [(0.0, True), (SESSION_S - 0.1, True), (SESSION_S, False), (1e9, False)])
def test_who_has_not_been_heard_for_a_session_is_no_member(monkeypatch: pytest.MonkeyPatch, age: float, is_member: bool) -> None:
    consumer = SimpleNamespace(lease_renewed=lambda: leasing.now() - age)
    monkeypatch.setattr("agents.engine.app.now", (now := Time()))
    monkeypatch.setattr(leasing, "now", now)
    assert BooklyApp.is_member(SimpleNamespace(_consumer=consumer)) is is_member  # type: ignore[arg-type]
    assert BooklyApp.is_member(SimpleNamespace(_consumer=None)) is False  # type: ignore[arg-type]

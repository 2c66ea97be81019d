"""A thousand people watch one API process, and each is told what is theirs."""

from __future__ import annotations

import asyncio
import resource
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING

from bookly import Producer
from bookly.events.availability import NotificationRequested, NotificationTemplate
from tests.integration.edge.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.edge.client import Socket
    from tests.integration.edge.whole import Whole

PEOPLE = 1_000
ROUNDS = 3
BOUND_S = 30.0  # from the first one that is published to the last one that is told; a quiet machine needs three


@contextmanager
def files_for(number: int) -> Iterator[None]:
    """Room for so many sockets on this side."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, number + 500)
    assert hard == resource.RLIM_INFINITY or hard >= wanted, f"this machine allows {hard} open files, and {wanted} are needed"
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_thousand_sockets_each_get_their_own_users_notifications_and_nobody_elses(whole: Whole) -> None:
    people = [f"watcher-{number}" for number in range(PEOPLE)]
    with files_for(PEOPLE):
        async with AsyncExitStack() as opened:
            sockets = await open_all(whole, people, opened)
            async with asyncio.timeout(BOUND_S):
                told, _ = await asyncio.gather(
                    asyncio.gather(*(hear(sockets[user]) for user in people)),
                    publish_all(whole, people),
                )
    assert told == [[f"ntf-{user}-{number}" for number in range(ROUNDS)] for user in people]


async def open_all(whole: Whole, people: list[str], opened: AsyncExitStack) -> dict[str, Socket]:
    """Fifty at once: who comes to one process at the same moment waits in its backlog."""
    few, sockets = asyncio.Semaphore(50), {}

    async def open_one(user: str) -> None:
        async with few:
            sockets[user] = await opened.enter_async_context(Client(whole.api.port, user).socket("/ws/notifications"))

    await asyncio.gather(*map(open_one, people))
    return sockets


async def hear(socket: Socket) -> list[str]:
    """All lie on one partition and come in its order: one that is another's would be among these."""
    return [(await socket.next())["data"]["notification_id"] for _ in range(ROUNDS)]


async def publish_all(whole: Whole, people: list[str]) -> None:
    stack = whole.stack
    async with Producer(source="suite", brokers=stack.brokers, registry=str(stack.registry)) as producer:
        for number in range(ROUNDS):
            for user in people:
                await producer.enqueue(
                    NotificationRequested(
                        notification_id=f"ntf-{user}-{number}",
                        resource_id="watched",
                        user_id=user,
                        template=NotificationTemplate.RESERVATION_CONFIRMED,
                    )
                )
        await producer.flush()

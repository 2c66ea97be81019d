"""The two producers behind one set of verbs, so that every promise is tested on both."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol, Self

from bookly import BlockingProducer, Delivery, Producer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator
    from types import TracebackType

    from bookly.blocking import BlockingReceipt


class Verbs(Protocol):
    """What both producers can do; the awaitable of `enqueue` is its receipt."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *raised: Any) -> None: ...
    async def publish(self, event: Any, **circumstances: Any) -> Delivery: ...
    async def enqueue(self, event: Any, **circumstances: Any) -> Awaitable[Delivery]: ...
    async def flush(self) -> None: ...


class Later:
    """A blocking receipt that is asked, in a thread, when somebody awaits it."""

    def __init__(self, receipt: BlockingReceipt) -> None:
        self._receipt = receipt

    def __await__(self) -> Generator[Any, None, Delivery]:
        return asyncio.to_thread(self._receipt.result, 60).__await__()


class InThreads:
    """The blocking producer, each verb in a thread."""

    def __init__(self, **settings: Any) -> None:
        self._producer = BlockingProducer(**settings)

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._producer.__enter__)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.to_thread(self._producer.__exit__, kind, error, trace)

    async def publish(self, event: Any, **circumstances: Any) -> Delivery:
        return await asyncio.to_thread(self._producer.publish, event, **circumstances)

    async def enqueue(self, event: Any, **circumstances: Any) -> Awaitable[Delivery]:
        return Later(await asyncio.to_thread(self._producer.enqueue, event, **circumstances))

    async def flush(self) -> None:
        await asyncio.to_thread(self._producer.flush)


PRODUCERS: dict[str, Any] = {"asyncio": Producer, "blocking": InThreads}

"""That demand has changed, told to a page: who holds it up loses nothing, for what has changed is asked for, not told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from api.http.live.hub import Ended

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from api.http.live.hub import Hub

PAUSE_S = 1.0
SILENT_S = 15.0  # after which a line is sent that says nothing: proxies close what is silent
LASTS_S = 60.0  # after which the browser comes again, and is asked again whether it may


async def changes(hub: Hub, user_id: str, resource: str) -> AsyncIterator[str]:
    """Lines of server-sent events, until it lasted LASTS_S or the process ends. Raises TooMany, Unavailable."""
    loop = asyncio.get_running_loop()
    until = loop.time() + LASTS_S
    try:
        with hub.listen(user_id, ("demand", resource)) as listener:
            yield "retry: 1000\n\nevent: ready\ndata: {}\n\n"
            while (left := until - loop.time()) > 0:
                try:
                    async with asyncio.timeout(min(left, SILENT_S)):
                        await listener.take()
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                yield "event: changed\ndata: {}\n\n"
                await asyncio.sleep(PAUSE_S)  # what comes meanwhile is one change
    except Ended:
        return

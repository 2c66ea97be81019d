"""That demand has changed, told to a page: what has changed is asked for, not told.

So who holds it up loses nothing, nor does who was away: a page asks whenever it is told `ready`, and then after each `changed`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from api.http.live.hub import Ended

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from api.http.live.hub import Listener

PAUSE_S = 1.0
SILENT_S = 15.0  # after which a line is sent that says nothing: proxies close what is silent
LASTS_S = 60.0  # after which the browser comes again, and is asked again whether it may


async def changes(listener: Listener, unready: Callable[[], str | None]) -> AsyncIterator[str]:
    """Lines of server-sent events, until it lasted LASTS_S, the process ends, or nothing would be heard any more."""
    loop = asyncio.get_running_loop()
    until = loop.time() + LASTS_S
    try:
        yield "retry: 1000\n\nevent: ready\ndata: {}\n\n"
        while (left := until - loop.time()) > 0:
            try:
                async with asyncio.timeout(min(left, SILENT_S)):
                    await listener.take()
            except TimeoutError:
                if unready() is not None:
                    return  # the browser comes again, and is told so
                yield ": still here\n\n"
                continue
            yield "event: changed\ndata: {}\n\n"
            await asyncio.sleep(PAUSE_S)  # what comes meanwhile is one change
    except Ended:
        return

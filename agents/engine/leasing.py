"""Until when a worker is surely a member of its group: a lease, which every heartbeat renews (aiokafka 0.14).

The group's coordinator may give the partitions to others a session timeout after the last heartbeat that it has seen, which it
has not seen before it was sent. So time counts from there: a process that was stopped between the two must not take an answer
from before for a new one. aiokafka notes only when answers came.
"""

from __future__ import annotations

import math
import time
from typing import Any

from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.protocol.group import HeartbeatRequest, SyncGroupRequest


def now() -> float:
    """Seconds of a clock that goes on while the machine sleeps, as the coordinator's does."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class LeasedCoordinator(GroupCoordinator):
    """`renewed`: when the request was sent that the coordinator answered last as to a member at peace.

    That the group is rebalancing is no such answer. It comes for as long as members have to come back (REBALANCE_S), which is
    longer than a lease: who has not given its partitions up by then, for whatever reason, has stopped telling of them.
    """

    renewed = -math.inf

    async def _send_req(self, request: Any) -> Any:
        sent = now()
        response = await super()._send_req(request)
        if isinstance(request, HeartbeatRequest | SyncGroupRequest) and response.error_code == 0:
            self.renewed = sent
        return response

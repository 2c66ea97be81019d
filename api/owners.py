"""Rows of tables from the workers that own them: an answer is the owner's, or there is none (docs/decisions/0006)."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar
from urllib.parse import quote, urlencode

import aiohttp
from aiokafka.partitioner import murmur2
from yarl import URL

from api.assignments import Assignments
from api.spans import BrokenOff, Elsewhere, read_rows
from bookly.errors import BrokerUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from api.assignments import Assignment
    from api.spans import Sink

Kind = TypeVar("Kind", bound="Sink")
Read = TypeVar("Read")
log = logging.getLogger(__name__)
PATIENCE_S = 3.0  # an owner is looked for so long
ATTEMPT_S = 1.0  # what one worker may take to answer
PAUSE_S = 0.1
MOST = 10_000  # rows that a worker tells of a partition in one answer
RETRY_AFTER_S = 2.0  # what a take-over takes, mostly
_SPAN = aiohttp.ClientTimeout(total=60.0, sock_connect=ATTEMPT_S, sock_read=2 * ATTEMPT_S)  # silence ends it, not length


class NotAnswered(Exception):
    """Nobody who surely owns the rows has answered in time. That says nothing about what they are."""

    def __init__(self, reason: str, retry_after_s: float = RETRY_AFTER_S) -> None:
        super().__init__(reason, retry_after_s)
        self.reason, self.retry_after_s = reason, retry_after_s

    def __str__(self) -> str:
        return f"{self.reason}. Ask again in {self.retry_after_s:g} s."


class Answer(NamedTuple):
    """`value`: the row as JSON; None where its owner says that there is none. `version`: up to which offset of each input topic
    (`topic`, or `topic/partition` where several partitions were asked) the owner had committed what it knows.
    """

    value: Any
    version: Mapping[str, int]


class Answers(NamedTuple):
    """`rows`: key and row, by key; of an index a key comes once for each partition. `more`: there are others that match."""

    rows: list[tuple[str, Any]]
    version: Mapping[str, int]
    more: bool


class Owners:
    """Each question is answered, or raises NotAnswered with the reason: within about three seconds, but for `between`, whose
    rows may take a minute, and three seconds more for each attempt to find who owns them.
    """

    def __init__(self, brokers: str, secret: str) -> None:
        self._brokers, self._secret = brokers, secret

    async def __aenter__(self) -> Self:
        self._assignments = Assignments(self._brokers)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),  # how many ask at once is up to the edge
            read_bufsize=2**20,  # a line of a span is longer than aiohttp expects
            headers={"Authorization": f"Bearer {self._secret}"},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def row(self, domain: str, table: str, key: str, *, routed_by: str) -> Answer:
        """A row whose events have this key. `routed_by`: the key of the topic's records, often the row's own."""
        number = partition_of(routed_by, await self._partitions(domain))
        found = await self._ask(domain, number, _path(table, key), {})
        return Answer(found["value"], found["version"])

    async def find(self, domain: str, table: str, key: str) -> Answer:
        """A row of which nobody knows whose events it came from: every partition is asked, and it is in one of them, or none."""
        found = await self._ask_all(domain, _path(table, key), {})
        value = next((one["value"] for one in found if one["value"] is not None), None)
        return Answer(value, _union(found))

    async def rows(self, domain: str, table: str, *, where: Mapping[str, str] | None = None, limit: int | None = 1000) -> Answers:
        """The first `limit` rows by key whose fields have these values, of all partitions; without a limit all of them, and
        `more` where a partition has more than MOST. Each is as of its own last commit.
        """
        found = await self._ask_all(domain, _path(table), {**(where or {}), "limit": str(MOST if limit is None else limit)})
        rows = sorted((item for one in found for item in one["rows"].items()), key=lambda item: item[0])
        cut = limit is not None and len(rows) > limit
        return Answers(rows[:limit], _union(found), cut or any(one["more"] for one in found))

    async def between(
        self, domain: str, table: str, into: Callable[[], Kind], *, since: int, until: int, of: str | None = None
    ) -> tuple[list[Kind], Mapping[str, int]]:
        """Rows whose keys (`entity|time`) end in a time from `since`, before `until`; `of`: of one entity. Those of a partition
        go into a sink of its own, made by `into`, again when it has to be asked again: what is given back holds every row once.
        Each row is as it was committed when it was its turn, none older than the version says.
        """
        span = {"since": str(since), "until": str(until), **({} if of is None else {"prefix": f"{of}|"})}
        many = await self._partitions(domain)
        numbers = range(many) if of is None else [partition_of(of, many)]

        async def told(number: int) -> tuple[Kind, dict[str, Any]]:
            async def read(response: aiohttp.ClientResponse) -> tuple[Kind, dict[str, Any]]:
                sink = into()
                return sink, await read_rows(response.content, domain, sink)

            found: tuple[Kind, dict[str, Any]] = await self._ask(domain, number, f"/spans/{table}", span, read, _SPAN)
            return found

        found = await asyncio.gather(*map(told, numbers))
        version = {f"{topic}/{number}": at for number, (_, v) in zip(numbers, found, strict=True) for topic, at in v.items()}
        return [sink for sink, _ in found], version

    async def _partitions(self, domain: str) -> int:
        try:
            partitions = (await self._assignments.of(domain)).partitions
        except BrokerUnavailable as error:
            raise NotAnswered(f"who owns the rows of {domain} is not known: {error}") from error
        if not partitions:
            raise NotAnswered(f"the topics of {domain} are not provisioned")
        return partitions

    async def _ask_all(self, domain: str, path: str, given: Mapping[str, str]) -> list[dict[str, Any]]:
        """Every partition once, in order; all of them, or NotAnswered."""
        numbers = range(await self._partitions(domain))
        return list(await asyncio.gather(*(self._ask(domain, number, path, given) for number in numbers)))

    async def _ask(
        self,
        domain: str,
        number: int,
        path: str,
        given: Mapping[str, str],
        read: Callable[[aiohttp.ClientResponse], Awaitable[Read]] | None = None,
        patience: aiohttp.ClientTimeout | None = None,
    ) -> Any:
        until, outdated = time.monotonic() + PATIENCE_S, None
        target = f"{path}?{urlencode({**given, 'partition': number})}"
        while True:
            try:
                asked = await self._assignments.of(domain, outdated=outdated)
                outdated = asked
                return await self._attempt(domain, number, asked, target, read, patience)
            except (Elsewhere, BrokerUnavailable) as error:
                if time.monotonic() >= until:
                    raise NotAnswered(str(error).rstrip(".")) from error
            await asyncio.sleep(PAUSE_S)

    async def _attempt(
        self, domain: str, number: int, asked: Assignment, target: str, read: Any, patience: aiohttp.ClientTimeout | None
    ) -> Any:
        address, partition = asked.owners.get(number), f"partition {number} of bookly-{domain}"
        if address is None:
            raise Elsewhere(f"no worker that answers queries owns {partition} at the moment")
        try:
            url = URL(f"http://{address}{target}", encoded=True)
            timeout = patience or aiohttp.ClientTimeout(total=ATTEMPT_S)
            async with self._session.get(url, allow_redirects=False, timeout=timeout) as response:
                if read is not None and response.status == 200:
                    return await read(response)
                status, found = response.status, await response.json()
        except BrokenOff as error:
            raise Elsewhere(f"the owner of {partition} broke off: {error}") from error
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Elsewhere(f"the owner of {partition} does not answer ({type(error).__name__})") from error
        if not isinstance(found, dict) or found.get("domain") != domain:
            raise Elsewhere(f"the owner of {partition} is gone, and somebody else has its address")
        return self._judged(status, found, partition, address)

    def _judged(self, status: int, found: dict[str, Any], partition: str, address: str) -> dict[str, Any]:
        if status in {421, 503}:
            raise Elsewhere(found["reason"])
        if status == 401:
            log.error("the worker at %s knows another BOOKLY_INTERNAL_SECRET than this process: it answers nothing", address)
            raise NotAnswered(f"the owner of {partition} does not know this process: their internal secrets differ")
        if status != 200:
            raise NotAnswered(f"the owner of {partition} refused the question ({status}): {found['reason']}")
        return found


def partition_of(key: str, partitions: int) -> int:
    """Where every producer of ours puts the events of a key: murmur2, as Java's default partitioner does."""
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def _path(table: str, *key: str) -> str:
    return "/".join(("/tables", *(quote(part, safe="") for part in (table, *key))))


def _union(found: list[dict[str, Any]]) -> dict[str, int]:
    return {f"{topic}/{number}": offset for number, one in enumerate(found) for topic, offset in one["version"].items()}

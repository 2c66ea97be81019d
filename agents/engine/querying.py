"""What the edge asks a worker, answered on its event loop between two slices (docs/decisions/0006).

    GET /tables/{table}/{key}?partition=N                    the committed row, null where the owner knows that there is none
    GET /tables/{table}?partition=N&{field}={value}&limit=L  committed rows with these values, the first by key
    GET /spans/{table}?partition=N&since=A&until=B&prefix=P  committed rows of a span of time, as lines (spans.py)

Nothing listens unless BOOKLY_QUERIES names an address, and nobody is answered without the internal secret.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from aiohttp import web
from msgspec.json import encode as to_json

from agents.engine.owning import NotOwned, Recovering
from agents.engine.selecting import Unanswerable, select
from agents.engine.spans import span_of, told

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from agents.domain import Domain
    from agents.engine.listening import Port
    from agents.engine.owning import Ownership
    from agents.engine.partition import Partition
    from agents.state import Table

LIMIT = 1_000
MOST = 10_000
CLOSE_S = 1.0


class UnknownTable(Exception):
    """The domain has no such table."""


STATUS = {Unanswerable: 400, UnknownTable: 404, NotOwned: 421, Recovering: 503}


class Querying:
    """The routes. `domain` is in every answer, so that whoever asked the wrong worker sees it."""

    def __init__(self, domain: Domain, ownership: Ownership, secret: str, port: Port) -> None:
        self._domain, self._ownership, self._port = domain, ownership, port
        self._expected = f"Bearer {secret}".encode()
        self._tables = {table.name: table for table in domain.tables}
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        self._runner = web.AppRunner(self.routes(), access_log=None, shutdown_timeout=CLOSE_S)
        await self._runner.setup()
        await web.SockSite(self._runner, self._port.socket).start()

    async def stop(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def routes(self) -> web.Application:
        routes = web.Application(middlewares=[self._say_why])
        routes.router.add_get("/tables/{table}/{key}", self._row)
        routes.router.add_get("/tables/{table}", self._rows)
        routes.router.add_get("/spans/{table}", self._span)
        return routes

    async def _row(self, request: web.Request) -> web.Response:
        table, number, _ = self._asked(request)
        partition = self._ownership.partition(number)
        return self._answer(partition, value=partition.committed[table.name].get(request.match_info["key"]))

    async def _rows(self, request: web.Request) -> web.Response:
        table, number, where = self._asked(request)
        limit = _number("limit", where.pop("limit", str(LIMIT)), MOST)
        partition = self._ownership.partition(number)
        selected = select(partition, table, where, limit)
        return self._answer(partition, rows=selected.rows, more=selected.more)

    async def _span(self, request: web.Request) -> web.StreamResponse:
        """What is refused before the first line is refused as everywhere; after it, by a last line with the reason."""
        table, number, given = self._asked(request)
        span = span_of(given)
        version = self._ownership.partition(number).version
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        await response.write(to_json({"domain": self._domain.name, "version": version}) + b"\n")
        try:
            async for line in told(lambda: self._ownership.partition(number), table.name, span):
                await response.write(line)
        except tuple(STATUS) as error:
            await response.write(to_json({"reason": str(error)}) + b"\n")
        return response

    def _asked(self, request: web.Request) -> tuple[Table[Any], int, dict[str, str]]:
        table = self._tables.get(request.match_info["table"])
        if table is None:
            named = request.match_info["table"]
            raise UnknownTable(f"{self._domain.name} has no table {named!r}; it has {', '.join(self._tables)}")
        given = dict(request.query)
        return table, _number("partition", given.pop("partition", "")), given

    def _answer(self, partition: Partition, **what: Any) -> web.Response:
        body = to_json({"domain": self._domain.name, **what, "version": partition.version})
        return web.Response(body=body, content_type="application/json")

    def _refused(self, status: int, reason: str) -> web.Response:
        return web.json_response({"domain": self._domain.name, "reason": reason}, status=status)

    @web.middleware
    async def _say_why(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Whatever is refused is refused with a reason."""
        try:
            if not hmac.compare_digest(request.headers.get("Authorization", "").encode(errors="replace"), self._expected):
                return self._refused(401, "ask with the internal secret: Authorization: Bearer ...")
            return await handler(request)
        except tuple(STATUS) as error:
            return self._refused(STATUS[type(error)], str(error))
        except web.HTTPException as error:
            return self._refused(error.status, f"{error.reason}: ask GET /tables/{{table}}/{{key}}?partition=N")


def _number(name: str, text: str, most: int = 1_000_000) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 8 and int(text) <= most):
        raise Unanswerable(f"{name} is {text!r}: it must be a whole number, at most {most:,}")
    return int(text)

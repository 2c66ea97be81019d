"""Files of the console's page that are the same for everybody; the rest it shares with the page of reports."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import FileResponse

from api.http.page.templating import FILES
from api.http.security.admission import OF_CONSOLE

router = APIRouter(prefix="/console/assets", include_in_schema=False)


def _serve(name: str) -> None:
    @router.get(f"/{name}", name=name)
    async def asset() -> FileResponse:
        return FileResponse(FILES[name], headers={"X-Content-Type-Options": "nosniff"})


for each in OF_CONSOLE:
    _serve(each)

"""Reports over HTTP: of all owners or of none, in three formats with the same figures."""

from __future__ import annotations

import csv
import io
import threading
from typing import TYPE_CHECKING, Any

import pytest
from pyarrow import parquet

from api.http.reads import gathering, reports
from api.http.security.permissions import NAMES
from tests.unit.api.http.conftest import World, bearing
from tests.unit.api.http.rows import NINE, TEN

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

ALL = bearing("u-1", *NAMES)
DAY = {"since": "2026-11-25T00:00:00Z", "until": "2026-11-26T00:00:00Z"}


@pytest.fixture(autouse=True)
def rows(world: World) -> None:
    demand = world.owners.tables["reports", "demand"]
    demand[f"room-1|{TEN}"] = {
        "asked": 1,
        "confirmed": 1,
    }
    demand[f"room-1|{TEN + 3_600_000_000}"] = {"used": 1, "used_minutes": 45}
    demand[f"lab-1|{NINE}"] = {"asked": 2, "waitlisted": 4, "served": 1, "category": "labs"}
    demand[f"lab-1|{NINE + 86_400_000_000}"] = {"asked": 100}


def asked(client: TestClient, **given: Any) -> Any:
    answer = client.get("/demand", params={**DAY, **given}, headers=ALL)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_demand_is_told_by_groups_with_the_total_of_all(client: TestClient) -> None:
    found = asked(client, by="resource")
    assert [(each["group"]["resource"], each["asked"], each["unmet"]) for each in found["groups"]] == [
        ("lab-1", 2, 3),
        ("room-1", 4, 1),
        ("room-2", 0, 0),
    ]
    assert (found["total"]["asked"], found["total"]["refused_by"]) == (6, {"CONFLICT": 1})
    assert (found["since"], found["until"], found["by"]) == ("2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z", ["resource"])
    assert found["version"] == {"bookly.test/0": 7}
    room = found["groups"][1]
    assert (room["bookable_minutes"], room["used_minutes"]) == (15 * 60 - 60, 45), "less maintenance, not what was cancelled"
    assert room["utilisation"] == round(45 / 840, 4)


def test_the_first_by_a_figure_and_one_resource_or_category_can_be_asked_for(client: TestClient) -> None:
    assert [each["group"] for each in asked(client, by="category", sort="unmet", top=1)["groups"]] == [{"category": "labs"}]
    by_hour = asked(client, by="weekday,hour", resource="room-1")["groups"]
    assert {(g["group"]["weekday"], g["group"]["hour"]): g["asked"] for g in by_hour if g["asked"]} == {(3, 9): 3, (3, 10): 1}
    assert asked(client, category="labs")["total"]["asked"] == 2


@pytest.mark.parametrize("how", ["by Accept", "by format"])
def test_csv_and_parquet_have_the_same_figures(client: TestClient, how: str) -> None:
    def download(format_: str, media_type: str) -> bytes:
        params = {**DAY, "by": "resource,day", **({"format": format_} if how == "by format" else {})}
        accept = {"Accept": f"{media_type}, application/json;q=0.5"} if how == "by Accept" else {}
        answer = client.get("/demand", params=params, headers={**ALL, **accept})
        assert answer.headers["content-type"].partition(";")[0] == media_type
        assert answer.headers["content-disposition"] == f'attachment; filename="demand.{format_}"'
        return answer.content

    wanted = asked(client, by="resource,day")["groups"]
    lines = list(csv.DictReader(io.StringIO(download("csv", "text/csv").decode(), newline="")))
    table = parquet.read_table(io.BytesIO(download("parquet", "application/vnd.apache.parquet"))).to_pylist()
    assert len(wanted) == len(lines) == len(table) == 3
    for json_, line, row in zip(wanted, lines, table, strict=True):
        flat = {**json_.pop("group"), **json_}
        assert {**row, "refused_by": dict(row["refused_by"])} == flat
        flat["refused_by"] = '{"CONFLICT": 1}' if flat["refused_by"] else "{}"
        assert line == {name: "" if value is None else str(value) for name, value in flat.items()}


def test_an_owner_that_does_not_answer_is_503_with_the_reason_in_every_format(client: TestClient, world: World) -> None:
    world.owners.away = True
    for path in ("/demand", "/demand?format=csv", "/demand?format=parquet", "/maintenance", "/audit/u-1"):
        answer = client.get(f"{path}{'&' if '?' in path else '?'}since={DAY['since']}&until={DAY['until']}", headers=ALL)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "3"), path
        assert answer.json()["detail"] == "the partition is being taken over"


@pytest.mark.parametrize(
    "given",
    [{"by": "colour"}, {"sort": "beauty"}, {"top": 0}, {"until": "2027-11-26T00:00:00Z"}, {"since": "2026-11-25T00:30:00Z"}],
)
def test_a_question_that_cannot_be_asked_is_refused_with_its_field(client: TestClient, given: dict[str, Any]) -> None:
    refused = client.get("/demand", params={**DAY, **given}, headers=ALL)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, f"query.{next(iter(given))}")


def test_maintenance_is_told_with_how_far_it_is(client: TestClient) -> None:
    found = client.get("/maintenance", params=DAY, headers=ALL).json()
    assert [(job["maintenance_id"], job["state"], job["starts_at"]) for job in found["jobs"]] == [
        ("mnt-0", "CANCELLED", "2026-11-25T09:00:00Z"),
        ("mnt-1", "STARTED", "2026-11-25T10:00:00Z"),
    ]
    assert found["minutes"] == 60
    elsewhere = {"resource": "room-2"}, {"since": "2026-11-25T11:00:00Z"}, {"until": "2026-11-25T09:00:00Z"}
    for changed in elsewhere:
        assert client.get("/maintenance", params={**DAY, **changed}, headers=ALL).json() == {"jobs": [], "minutes": 0}


def test_maintenance_is_asked_for_of_at_most_92_days(client: TestClient) -> None:
    for until in ("2026-11-25T00:00:00Z", "2027-11-26T00:00:00Z", "2199-11-26T00:00:00Z"):
        refused = client.get("/maintenance", params={**DAY, "until": until}, headers=ALL)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "query.until")


def test_more_resources_than_are_gathered_do_not_pass_by_waiting(client: TestClient, world: World) -> None:
    world.owners.tables["reports", "downtime"] |= {f"x-{n}": {"jobs": {}, "category_id": "labs"} for n in range(10_001)}
    assert len(asked(client, by="category")["groups"]) == 2, "so many of all partitions are few"
    world.owners.more = True
    for path in ("/demand", "/maintenance"):
        refused = client.get(path, params=DAY, headers=ALL)
        assert (refused.status_code, refused.json()["type"], "retry-after" in refused.headers) == (501, "too-much", False)
    described = client.get("/openapi.json", headers=ALL).json()["paths"]
    for path in ("/resources", "/search?q=room", "/categories", "/demand", "/maintenance"):
        assert client.get(path, params=None if "?" in path else DAY, headers=ALL).status_code == 501, path
        assert "501" in described[path.partition("?")[0]]["get"]["responses"], path
    assert client.get("/demand", params={**DAY, "resource": "room-1"}, headers=ALL).status_code == 200


def test_too_many_groups_are_refused_before_their_rows_are_read_and_a_file_takes_more(client: TestClient, world: World) -> None:
    world.owners.tables["reports", "downtime"] |= {f"x-{n}": {"jobs": {}, "category_id": "labs"} for n in range(1_000)}
    month = {**DAY, "until": "2026-12-20T00:00:00Z", "by": "resource,day"}
    world.owners.asked.clear()
    refused = client.get("/demand", params=month, headers=ALL)
    assert (refused.status_code, "25,075 groups" in refused.json()["detail"]) == (422, True)
    assert world.owners.asked["reports", "demand", "*"] == 0
    answer = client.get("/demand", params={**month, "format": "csv"}, headers=ALL)
    assert (answer.status_code, answer.text.count("\n")) == (200, 25_076)
    month["by"] = "resource,day,hour"
    assert client.get("/demand", params={**month, "format": "parquet"}, headers=ALL).status_code == 422


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_the_longest_view_of_a_university_is_exported_whole_by_the_page(client: TestClient, world: World, format_: str) -> None:
    world.owners.tables["reports", "demand"].clear()
    world.owners.tables["reports", "downtime"] = {f"room-{n}": {"jobs": {}, "category_id": "rooms"} for n in range(300)}
    view = {"first": "2026-08-26", "last": "2026-11-25", "format": format_}
    answer = client.get("/reports/export", params=view, headers=ALL)
    assert answer.status_code == 200
    if format_ == "csv":
        assert answer.text.count("\n") == 300 * 92 + 1
    else:
        assert parquet.read_table(io.BytesIO(answer.content)).num_rows == 300 * 92


def noting(done: Any, threads: list[int]) -> Any:
    def noted(*given: Any, **named: Any) -> Any:
        threads.append(threading.get_ident())
        return done(*given, **named)

    return noted


def test_others_are_answered_while_a_report_is_made_and_written(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = client.portal.call(threading.get_ident)  # type: ignore[union-attr]
    busy: list[int] = []
    for module, name in ((gathering, "report"), (gathering, "refuse_too_many"), (reports, "as_csv"), (reports, "as_parquet")):
        monkeypatch.setattr(module, name, noting(getattr(module, name), busy))
    for format_ in ("json", "csv", "parquet"):
        assert client.get("/demand", params={**DAY, "format": format_}, headers=ALL).status_code == 200
    assert len(busy) == 8
    assert loop not in busy


def test_the_audit_trail_of_a_user_or_a_role_is_told(client: TestClient) -> None:
    found = client.get("/audit/u-1", headers=ALL).json()
    assert [(each["type"], each["actor"]) for each in found["entries"]] == [("auth.user.logged_in", "u-1")]
    assert client.get("/audit/role:lecturer", headers=ALL).json()["subject"] == "role:lecturer"
    assert client.get("/audit/nobody", headers=ALL).status_code == 404

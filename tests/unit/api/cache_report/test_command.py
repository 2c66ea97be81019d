"""The command on real pages: what it prints, and what it says where there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from api.cache_report.figures import Figures, read_pages
from api.cache_report.printing import print_report
from bookly.cache import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

EDGE = """# TYPE bookly_cache_total counter
bookly_cache_total{type="user",outcome="hit"} 1200.0
bookly_cache_total{type="user",outcome="miss"} 800.0
bookly_cache_total{type="user",outcome="stale"} 100.0
bookly_cache_total{type="user",outcome="expired"} 700.0
bookly_cache_total{type="user",outcome="kept"} 800.0
bookly_cache_total{type="user",outcome="load"} 800.0
"""
WORKER = """# TYPE bookly_cache_invalidations_total counter
bookly_cache_invalidations_total{type="user"} 100.0
# TYPE bookly_cache_staleness_seconds histogram
bookly_cache_staleness_seconds_bucket{le="0.01",type="user"} 60.0
bookly_cache_staleness_seconds_bucket{le="0.1",type="user"} 98.0
bookly_cache_staleness_seconds_bucket{le="+Inf",type="user"} 100.0
bookly_cache_staleness_seconds_count{type="user"} 100.0
bookly_cache_staleness_seconds_sum{type="user"} 9.0
# TYPE bookly_cache_staleness_longest_seconds gauge
bookly_cache_staleness_longest_seconds{type="user"} 0.75
"""


@contextmanager
def serving(page: str, key: str | None = None, moved: str | None = None) -> Iterator[tuple[str, list[str | None]]]:
    """The address of a server that gives this page at /metrics, and the keys that it was shown."""
    shown: list[str | None] = []

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers["X-API-Key"])
            refused = key is not None and shown[-1] != key
            self.send_response(302 if moved else 401 if refused else 200 if self.path == "/metrics" else 404)
            if moved:
                self.send_header("Location", moved)
            self.end_headers()
            self.wfile.write(b"" if refused else page.encode())

        def log_message(self, *_: Any) -> None:
            """A test reads what the command says."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", shown
    finally:
        server.shutdown()
        server.server_close()


def report(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "api", "cache-report", *arguments]
    named = {name: value for name, value in os.environ.items() if not name.startswith("BOOKLY_METRICS")}
    env = {**named, "COLUMNS": "80", "NO_COLOR": "1", **environment}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_a_script_gets_the_figures_of_all_types_with_edges_and_workers_added_up() -> None:
    with serving(EDGE, key="k") as (edge, shown), serving(EDGE) as (other, _), serving(WORKER) as (worker, told):
        done = report("--edge", edge, "--edge", other, "--worker", worker, "--json", BOOKLY_METRICS_KEY="k")
    assert (done.returncode, done.stderr) == (0, "")
    rows = {row["type"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert list(rows) == list(TYPES)
    assert (shown, told) == (["k"], [None]), "workers are shown no key"
    user = rows["user"]
    assert (user["reads"], user["hit"], user["stale"], user["expired"], user["absent"]) == (4_000, 2_400, 200, 1_400, 0)
    assert (user["invalidations"], user["ttl_s"], user["proposed_ttl_s"], user["rule"]) == (100, 900, 1_800, "longer")
    assert [user[f"staleness_{each}_s"] for each in ("p50", "p99", "longest")] == [0.01, 0.75, 0.75]
    assert (rows["waitlist"]["rule"], rows["waitlist"]["staleness_p50_s"]) == ("few reads", None)


def test_people_get_tables_with_the_rule_that_spoke() -> None:
    with serving(EDGE) as (edge, _), serving(WORKER) as (worker, _):
        done = report(BOOKLY_METRICS_EDGES=edge, BOOKLY_METRICS_WORKERS=f"{worker} {worker}")
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert "user 200 10 ms 750 ms 750 ms" in text
    assert "user 15 min 30 min longer 88% of the misses had expired; an entry lives" in text
    assert "longer: Hits below 90% and 50% or more of the misses expired though nothing had changed" in text
    assert "nothing yet of: session, user_sessions," in text


def test_large_figures_fit_80_columns(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    pages = [EDGE.replace("00.0", "00000000.0"), WORKER.replace("100.0", "10000000000.0")]
    found = read_pages(pages)["user"]
    found.counts.update(away=10**9, refused=10**9)
    print_report(dict.fromkeys(TYPES, found), TYPES.values(), as_json=False)
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert f"{found.reads:,}" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--edge", "http://127.0.0.1:1"], "http://127.0.0.1:1/metrics does not answer"),
        (["--edge", "http://me:secret@127.0.0.1:1"], "http://127.0.0.1:1/metrics does not answer"),
        (["--edge", "127.0.0.1:1"], "give http://host:port"),
        (["--edge", "http://127.0.0.1:1", "--worker", "http://127.0.0.1:2"], "http://127.0.0.1:2/metrics does not answer"),
    ],
)
def test_an_address_that_does_not_answer_is_a_sentence(arguments: list[str], said: str) -> None:
    done = report(*arguments)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert done.stderr.startswith("api: ")
    assert said in done.stderr
    assert "secret" not in done.stderr


def test_a_page_that_is_none_of_ours_and_a_missing_key_are_sentences() -> None:
    with serving("<html>hello</html>") as (html, _), serving(EDGE, key="k") as (edge, _), serving(EDGE) as (open_edge, _):
        done = report("--edge", html, "--edge", edge, "--worker", open_edge)
    assert done.returncode == 2
    assert f"{html}/metrics gives no page of metrics." in done.stderr
    assert f"{edge}/metrics wants a key that may metrics:read: set BOOKLY_METRICS_KEY" in done.stderr
    assert f"{open_edge}/metrics is not the page of a worker that has begun." in done.stderr


def test_a_key_is_not_shown_to_whom_an_edge_redirects_to() -> None:
    with serving(EDGE) as (other, shown), serving("", moved=f"{other}/metrics") as (edge, _):
        done = report("--edge", edge, BOOKLY_METRICS_KEY="k")
    assert (done.returncode, shown) == (2, [])
    assert done.stderr == f"api: {edge}/metrics answers 302.\n"


def test_no_address_at_all_is_answered_with_how_to_give_one() -> None:
    done = report()
    assert done.returncode == 2
    assert "--edge" in done.stderr
    assert "BOOKLY_METRICS_EDGES" in done.stderr


def test_the_quantiles_are_bounds_and_never_beyond_the_longest() -> None:
    figures = Figures()
    assert figures.staleness_s(0.99) is None
    figures = read_pages([WORKER, WORKER])["user"]
    assert [figures.staleness_s(share) for share in (0.5, 0.6, 0.61, 0.98, 0.99, 1)] == [0.01, 0.01, 0.1, 0.1, 0.75, 0.75]

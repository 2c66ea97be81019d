"""`python -m tests`: everything, in three processes side by side: most of it waits for servers, and each process has its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path("tests")
WITHOUT_SERVERS = [HERE / "unit", HERE / "contracts"]
ASIDE = [HERE / "browser", *(HERE / "integration" / name for name in ("cache", "console", "edge", "engine"))]  # half of the rest


def main() -> int:
    """The longest is seen as it runs, the others when all are done. Arguments are pytest's. Exit code: that of what failed."""
    named = {*WITHOUT_SERVERS, *ASIDE}
    others = [path for path in (*HERE.iterdir(), *(HERE / "integration").iterdir()) if path not in named and _has_tests(path)]
    others.remove(HERE / "integration")
    said = {Path(f"build/tests-{name}.txt"): lane for name, lane in (("without-servers", WITHOUT_SERVERS), ("aside", ASIDE))}
    Path("build").mkdir(exist_ok=True)
    sys.stderr.write(f"Beside these run others, shown when all are done; until then in {' and '.join(map(str, said))}.\n")
    running = [_start(lane, path) for path, lane in said.items()]
    try:
        codes = [subprocess.run(_command(sorted(others)), check=False).returncode, *(process.wait() for process in running)]
    finally:
        for process in running:
            process.terminate()
            process.wait()
    for path in said:
        sys.stdout.write(path.read_text(errors="replace"))
    return next((code for code in codes if code), 0)


def _has_tests(path: Path) -> bool:
    return any(path.rglob("test_*.py")) if path.is_dir() else path.match("test_*.py")


def _start(lane: list[Path], said: Path) -> subprocess.Popen[bytes]:
    with said.open("wb") as target:
        return subprocess.Popen(_command(lane), stdout=target, stderr=subprocess.STDOUT)


def _command(lane: list[Path]) -> list[str]:
    return [sys.executable, "-m", "pytest", *sys.argv[1:], *map(str, lane)]


if __name__ == "__main__":
    sys.exit(main())

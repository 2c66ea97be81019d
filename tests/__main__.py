"""`python -m tests`: everything, in two processes side by side. What needs no servers would wait behind what waits for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WITHOUT_SERVERS = ("unit", "contracts")
SAID = Path("build/tests-without-servers.txt")


def main() -> int:
    """The tests on servers are seen as they run, all others when both are done. The exit code is that of what failed."""
    places = sorted(path.name for path in Path("tests").iterdir() if path.is_dir() and any(path.rglob("test_*.py")))
    on_servers = [name for name in places if name not in WITHOUT_SERVERS]
    SAID.parent.mkdir(exist_ok=True)
    with SAID.open("wb") as said:
        beside = subprocess.Popen(_command(WITHOUT_SERVERS), stdout=said, stderr=subprocess.STDOUT)
        try:
            codes = [subprocess.run(_command(on_servers), check=False).returncode, beside.wait()]
        finally:
            beside.terminate()
            beside.wait()
    sys.stdout.write(SAID.read_text(errors="replace"))
    return next((code for code in codes if code), 0)


def _command(names: list[str] | tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "pytest", *(f"tests/{name}" for name in names)]


if __name__ == "__main__":
    sys.exit(main())

"""The wheel that other services install: nothing but `bookly`, and it publishes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stack import Stack

ROOT = Path(__file__).parents[2]
UV = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))

PROGRAM = """
import asyncio
from datetime import UTC, datetime
from bookly import Producer
from bookly.events.availability import ReservationCreated

async def main():
    now = datetime.now(UTC)
    event = ReservationCreated(reservation_id="res-1", resource_id="room-1", category_id="rooms", user_id="u-1",
                               starts_at=now, ends_at=now, attendees=2)
    async with Producer(source="wheel") as producer:
        print(await producer.publish(event))

asyncio.run(main())
"""


def run(*command: str | Path, **environment: str) -> str:
    """Its standard output; a failure shows what it said."""
    words, variables = [str(word) for word in command], {**os.environ, **environment}
    done = subprocess.run(words, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", target, ".")
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean environment with the wheel and its dependencies in the locked versions, and nothing else."""
    environment = tmp_path_factory.mktemp("clean") / "venv"
    run(UV, "venv", "--python", sys.executable, environment)
    constraints = environment / "constraints.txt"
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    constraints.write_text("\n".join(line.partition(" \\")[0] for line in lines if "==" in line and not line.startswith(" ")))
    python = environment / "bin" / "python"
    run(UV, "pip", "install", "--python", python, "--constraint", constraints, wheel)
    return python


def test_the_wheel_holds_bookly_alone_with_its_types_and_schemas(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"bookly"}
    assert {"bookly/py.typed", "bookly/schemas.json"} <= set(names)


def test_only_bookly_is_importable_from_it(python: Path) -> None:
    folders = "agents", "api", "contracts", "demo", "stack", "tests", "redis", "faust"
    program = f"import importlib.util as u; print(*[name for name in {folders!r} if u.find_spec(name)])"
    assert run(python, "-I", "-c", program).split() == []
    assert run(python, "-I", "-c", "import bookly; print(bookly.__file__)").startswith(str(python.parents[1]))


def test_a_service_that_installed_it_publishes_in_three_lines(python: Path, stack: Stack) -> None:
    run(sys.executable, "-m", "contracts", "provision", "--brokers", stack.brokers, "--registry", stack.registry)
    out = run(python, "-I", "-c", PROGRAM, BOOKLY_BROKERS=stack.brokers, BOOKLY_REGISTRY=stack.registry)
    assert out.startswith("Delivery(topic='bookly.availability', partition=")

"""A checkout's stack is found without exports, keeps its ports, and is not cleaned away under its owner."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from stack import state
from stack.environment import filled
from stack.ports import HOST, claim

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A directory whose stack is owned by this process."""
    home = state.stack_directory(tmp_path)
    home.mkdir()
    state.write(home, "b:1", "http://r:2", "redis://c:3", {})
    return tmp_path


def test_what_is_not_set_is_taken_from_the_stack_that_runs_here(checkout: Path) -> None:
    environment = filled({"HOME": "/h", "BOOKLY_REDIS": ""}, checkout)
    assert environment == {
        "HOME": "/h",
        "BOOKLY_BROKERS": "b:1",
        "BOOKLY_REGISTRY": "http://r:2",
        "BOOKLY_REDIS": "redis://c:3",
    }


def test_on_secured_servers_it_says_who_one_is_by_the_names_of_files(tmp_path: Path) -> None:
    home = state.stack_directory(tmp_path)
    home.mkdir()
    state.write(home, "b:1", "https://r:2", "redis://c:3", {}, home / "secrets")
    found = filled({}, tmp_path, principal="auth")
    assert {found[f"BOOKLY_{server}_USER"] for server in ("KAFKA", "REDIS", "REGISTRY")} == {"auth"}
    assert {found[f"BOOKLY_{server}_PASSWORD_FILE"] for server in ("KAFKA", "REDIS", "REGISTRY")} == {
        str(home / "secrets" / "auth.password")
    }
    assert found["BOOKLY_KAFKA_CA"] == found["BOOKLY_REGISTRY_CA"] == str(home / "secrets" / "ca.pem")


def test_an_environment_that_names_other_servers_is_not_mixed_with_the_stack(checkout: Path) -> None:
    assert filled({"BOOKLY_BROKERS": "other:9092"}, checkout) == {"BOOKLY_BROKERS": "other:9092"}


def test_where_no_stack_runs_nothing_is_added(tmp_path: Path) -> None:
    assert filled({}, tmp_path) == {}


def test_the_ports_of_the_last_start_are_taken_again_where_they_are_free(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port = listener.getsockname()[1]
        listener.listen()
        assert claim("broker", None, set(), port) != port
    state.remember_ports(tmp_path, {"broker": port})
    usual = state.ports(tmp_path)["broker"]
    assert claim("broker", None, set(), usual) == port
    assert claim("broker", None, {port}, usual) != port


@pytest.mark.parametrize("text", ["", "[]", '{"broker": "x", "redis": 0}'])
def test_a_list_of_ports_that_is_none_is_as_good_as_no_list(tmp_path: Path, text: str) -> None:
    (tmp_path / "ports.json").write_text(text)
    assert state.ports(tmp_path) == {}


@pytest.fixture(params=[".", "build/demo", "build/bench", "build/bench/caching"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a stack, owned by this process, runs in a checkout."""
    home = state.stack_directory(tmp_path / request.param)
    home.mkdir(parents=True)
    state.write(home, "b:1", "http://r:2", "redis://c:3", {})
    return str(request.param)


def clean(checkout: Path, *tools: str) -> subprocess.CompletedProcess[str]:
    for name in ("Makefile", *tools):
        if not (checkout / name).exists():
            (checkout / name).symlink_to(CHECKOUT / name)
    return subprocess.run(["make", "clean"], cwd=checkout, capture_output=True, text=True, check=False)


def test_make_clean_refuses_beside_a_running_stack_and_says_what_to_do(tmp_path: Path, place: str) -> None:
    home = state.stack_directory(tmp_path / place)
    refused = clean(tmp_path, "stack", ".venv")
    assert refused.returncode != 0
    assert f"A stack runs in {place}, and its data would go: stop it first" in refused.stderr
    assert home.exists()

    state.remove(home)
    assert clean(tmp_path).returncode == 0
    assert not home.exists()


def test_make_clean_deletes_nothing_where_nobody_can_say_whether_a_stack_runs(tmp_path: Path, place: str) -> None:
    refused = clean(tmp_path)
    assert refused.returncode != 0
    assert f"A stack may run in {place}, and nobody can be asked: run 'make setup'" in refused.stderr
    assert state.stack_directory(tmp_path / place).exists()

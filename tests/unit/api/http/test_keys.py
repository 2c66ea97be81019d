"""API keys: shown once, kept as hashes, gone when they are taken out."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from api.__main__ import app as command_line
from api.http.security.keys import ApiKeys, new_key, read_keys
from bookly.errors import InvalidSettings
from tests.unit.api.http.conftest import World

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi.testclient import TestClient


def test_a_key_is_printed_once_and_only_its_hash_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    command = ["key", "new", "--name", "scraper", "--permission", "metrics:read", "--file", str(file)]
    done = CliRunner().invoke(command_line, command)
    key = done.output.strip()
    mark, prefix, secret = key.split("_", 2)
    assert (mark, len(prefix)) == ("bookly", 8)
    assert len(secret) >= 43  # 256 bits
    assert secret not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    principal = ApiKeys(file).principal(key)
    assert principal is not None
    assert (principal.user_id, principal.permissions) == ("key:scraper", frozenset({"metrics:read"}))


def test_a_key_opens_what_it_was_made_for(client: TestClient, world: World) -> None:
    key = new_key(world.key_file, "scraper", ["metrics:read"])
    for headers in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}):
        assert client.get("/metrics", headers=headers).status_code == 200
        assert client.get("/users/u-1", headers=headers).status_code == 403


def test_a_key_with_a_right_prefix_and_a_wrong_secret_is_refused(client: TestClient, world: World) -> None:
    key = new_key(world.key_file, "scraper", ["metrics:read"])
    for wrong in (key[:-1] + ("a" if key[-1] != "a" else "b"), key.rpartition("_")[0], "bookly_", f"{key}\udc80"[:-1] + "!"):
        assert client.get("/metrics", headers={"X-API-Key": wrong}).status_code == 401, wrong


def test_a_process_does_not_begin_with_a_key_file_that_is_not_there_or_broken(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{broken")
    for wrong, why in ((tmp_path / "nope.json", "cannot be read"), (tmp_path / "broken.json", "holds no API keys")):
        with pytest.raises(InvalidSettings, match=f"{wrong} {why}"):
            ApiKeys(wrong).check()
    with pytest.raises(InvalidSettings, match="cannot be read"):
        ApiKeys(tmp_path).check()


def test_a_key_file_that_breaks_is_said_once_in_the_log_and_to_nobody_else(
    client: TestClient, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    key = new_key(world.key_file, "scraper", ["metrics:read"])
    world.key_file.write_text("{broken")
    answers = [client.get("/metrics", headers={"X-API-Key": key}) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {503}
    assert str(world.key_file) not in answers[0].text
    assert [record.message for record in caplog.records if "no API key is taken" in record.message] == [
        f"no API key is taken: BOOKLY_API_KEYS: {world.key_file} holds no API keys: make one by `python -m api key new`."
    ]


def test_a_key_that_was_taken_out_is_refused_at_once(client: TestClient, world: World) -> None:
    key = new_key(world.key_file, "scraper", ["metrics:read"])
    assert client.get("/metrics", headers={"X-API-Key": key}).status_code == 200
    world.key_file.write_text("{}")
    assert client.get("/metrics", headers={"X-API-Key": key}).status_code == 401


def test_a_permission_that_there_is_not_and_a_name_in_use_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    with pytest.raises(InvalidSettings, match="metrics:reed: no such permission"):
        new_key(file, "scraper", ["metrics:reed"])
    new_key(file, "scraper", ["metrics:read"])
    with pytest.raises(InvalidSettings, match="there is a key named 'scraper'"):
        new_key(file, "scraper", ["metrics:read"])


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', json.dumps({"a": {"name": "n"}})])
def test_a_file_that_holds_no_keys_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys.json").write_text(text)
    with pytest.raises(InvalidSettings, match="holds no API keys"):
        read_keys(tmp_path / "keys.json")

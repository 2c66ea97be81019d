"""A wrong setting is a sentence, before anything is opened."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.http.security.permissions import NEEDS
from api.http.settings import NAMES, ApiSettings
from bookly.errors import InvalidSettings

GOOD = {
    "BOOKLY_BROKERS": "127.0.0.1:9092",
    "BOOKLY_REGISTRY": "http://127.0.0.1:8080/apis/ccompat/v7",
    "BOOKLY_REDIS": "redis://:hidden-pass@127.0.0.1:6379/0",
    "BOOKLY_INTERNAL_SECRET": "hidden-between-us",
    "BOOKLY_JWKS": "https://login.example.edu/keys",
    "BOOKLY_JWT_ISSUER": "https://login.example.edu",
    "BOOKLY_JWT_AUDIENCE": "bookly",
    "BOOKLY_API_KEYS": "keys.json",
}


def test_good_settings_are_taken_and_show_no_secret() -> None:
    found = ApiSettings.from_environment(GOOD)
    assert (found.keys, found.rate.limit) == (Path("keys.json"), 600)
    assert "hidden" not in repr(found)


def test_the_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden-in-a-file\n")
    inline = {"BOOKLY_INTERNAL_SECRET": "", "BOOKLY_INTERNAL_SECRET_FILE": str(tmp_path / "secret")}
    assert ApiSettings.from_environment({**GOOD, **inline}).secret == "hidden-in-a-file"  # noqa: S105


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/keys", "http://[::1]/keys", "http://localhost/keys", "/etc/bookly/jwks.json"]
)
def test_keys_may_come_from_a_file_or_from_here_without_tls(url: str) -> None:
    assert ApiSettings.from_environment({**GOOD, "BOOKLY_JWKS": url}).trust


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"BOOKLY_INTERNAL_SECRET": ""}, "set BOOKLY_INTERNAL_SECRET or BOOKLY_INTERNAL_SECRET_FILE"),
        ({"BOOKLY_INTERNAL_SECRET": "short"}, "must be 16 characters or more"),
        ({"BOOKLY_JWKS": "", "BOOKLY_API_KEYS": ""}, "nobody could ask anything"),
        ({"BOOKLY_JWKS": "http://login.example.edu/keys"}, "neither a file nor an https URL"),
        ({"BOOKLY_JWKS": "http://127.0.0.1.example.edu/keys"}, "neither a file nor an https URL"),
        ({"BOOKLY_JWKS": "ftp://127.0.0.1/keys"}, "neither a file nor an https URL"),
        ({"BOOKLY_JWT_ISSUER": ""}, "needs BOOKLY_JWT_ISSUER and BOOKLY_JWT_AUDIENCE"),
        ({"BOOKLY_JWT_AUDIENCE": ""}, "needs BOOKLY_JWT_ISSUER and BOOKLY_JWT_AUDIENCE"),
        ({"BOOKLY_RATE_LIMIT": "0"}, "BOOKLY_RATE_LIMIT is '0'"),
        ({"BOOKLY_RATE_LIMIT": "many"}, "BOOKLY_RATE_LIMIT is 'many'"),
        ({"BOOKLY_RATE_LIMITS": "60"}, "did you mean BOOKLY_RATE_LIMIT"),
        ({"BOOKLY_BROKERS": ""}, "brokers is missing"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_to_do(changed: dict[str, str], sentence: str) -> None:
    with pytest.raises(InvalidSettings, match=re.escape(sentence)) as refused:
        ApiSettings.from_environment({**GOOD, **changed})
    assert "hidden" not in str(refused.value)


def test_the_page_for_people_lists_every_permission_and_every_setting() -> None:
    page = Path("docs/api.md").read_text()
    for need in NEEDS:
        narrow = " ".join(f"`{name}`" for name in need.narrow)
        assert f"| `{need.wide}` | {narrow} | {need.to} |" in page
    for name in NAMES:
        assert f"`BOOKLY_{name}`" in page

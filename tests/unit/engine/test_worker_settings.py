"""A wrong setting is said at once, in a sentence that names it."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from agents.engine.fuse import Limits
from agents.engine.settings import WorkerSettings
from bookly.errors import InvalidSettings

SECRET = "0123456789abcdef"  # noqa: S105  # of nobody's


def settings(**environ: str) -> WorkerSettings:
    return WorkerSettings.from_environment({f"BOOKLY_{name}": value for name, value in environ.items()})


def test_without_any_nothing_listens_and_the_fuse_is_on() -> None:
    assert settings() == WorkerSettings(None, Limits(), logging.INFO)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("", None),
        ("8080", ("127.0.0.1", 8080)),
        (":8080", ("127.0.0.1", 8080)),
        ("0.0.0.0:8080", ("0.0.0.0", 8080)),  # noqa: S104  # asked for
        ("[::1]:8080", ("::1", 8080)),
    ],
)
def test_a_port_alone_is_one_on_loopback(given: str, address: Any) -> None:
    assert settings(HEALTH=given).health == address


@pytest.mark.parametrize("given", ["yes", "localhost", "127.0.0.1:", "127.0.0.1:99999", "::1:8080", "٣٣"])
def test_an_address_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(InvalidSettings, match="BOOKLY_HEALTH is"):
        settings(HEALTH=given)


def test_queries_are_answered_only_where_a_secret_is_set() -> None:
    given = settings(QUERIES="7001", INTERNAL_SECRET=SECRET)
    assert (given.queries, given.secret) == (("127.0.0.1", 7001), SECRET)
    assert settings(INTERNAL_SECRET=SECRET) == settings(), "a secret alone opens nothing"
    with pytest.raises(InvalidSettings, match="BOOKLY_QUERIES is set and BOOKLY_INTERNAL_SECRET is not"):
        settings(QUERIES="7001")


def test_the_address_of_queries_is_refused_by_its_own_name() -> None:
    with pytest.raises(InvalidSettings, match="BOOKLY_QUERIES is 'yes': give a port"):
        settings(QUERIES="yes", INTERNAL_SECRET=SECRET)


def test_a_secret_is_never_shown() -> None:
    assert SECRET not in repr(settings(QUERIES="7001", INTERNAL_SECRET=SECRET))


def test_the_fuse_is_off_only_by_its_word() -> None:
    assert settings(FUSE="off").limits == Limits.off()
    with pytest.raises(InvalidSettings, match="BOOKLY_FUSE is 'no'"):
        settings(FUSE="no")


def test_timers_are_off_only_by_their_word() -> None:
    assert settings().timers
    assert not settings(TIMERS="off").timers
    with pytest.raises(InvalidSettings, match="BOOKLY_TIMERS is '0'"):
        settings(TIMERS="0")


def test_a_level_is_one_of_five() -> None:
    assert settings(LOG_LEVEL="debug").log_level == logging.DEBUG
    with pytest.raises(InvalidSettings, match="BOOKLY_LOG_LEVEL is 'loud': it can be DEBUG, INFO"):
        settings(LOG_LEVEL="loud")


def test_a_misspelt_name_is_no_silent_default() -> None:
    with pytest.raises(InvalidSettings, match="BOOKLY_HELTH is no setting of Bookly: did you mean BOOKLY_HEALTH"):
        settings(HELTH="8080")

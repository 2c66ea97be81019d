"""Settings are sentences: what is missing, what is misspelt, what the guarantees forbid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bookly.errors import InvalidSettings
from bookly.settings import ProducerSettings, Settings, internal_secret

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = {"BOOKLY_BROKERS": "b:9092", "BOOKLY_REGISTRY": "http://me:secret@r", "BOOKLY_REDIS": "redis://:secret@c"}


def test_the_environment_fills_what_is_not_given() -> None:
    settings = ProducerSettings.of({"source": "desk", "brokers": "other:9092"}, ENVIRONMENT)
    assert (settings.brokers, settings.registry) == ("other:9092", "http://me:secret@r")


def test_an_environment_of_nothing_names_the_variable_and_the_parameter() -> None:
    with pytest.raises(InvalidSettings, match="brokers is missing: pass brokers= or set BOOKLY_BROKERS"):
        ProducerSettings.of({"source": "desk"}, {})
    with pytest.raises(InvalidSettings, match="redis is missing"):
        Settings.from_environment({**ENVIRONMENT, "BOOKLY_REDIS": ""})


def test_a_variable_of_another_name_is_shown_where_one_is_missing() -> None:
    with pytest.raises(InvalidSettings, match="The environment has BOOKLY_KAFKA"):
        ProducerSettings.of({"source": "desk"}, {"BOOKLY_KAFKA": "b:9092"})


@pytest.mark.parametrize("misspelt", ["BOOKLY_BROKER", "BOOKLY_REGISTRY_URL", "BOOKLY_REGISTY", "BOOKLY_REDDIS"])
def test_a_misspelt_variable_is_named_with_the_right_one(misspelt: str) -> None:
    with pytest.raises(InvalidSettings, match=f"{misspelt} is no setting of Bookly: did you mean BOOKLY_RE|BOOKLY_BROKERS"):
        ProducerSettings.of({"source": "desk"}, {**ENVIRONMENT, misspelt: "x"})


def test_a_variable_of_somebody_else_does_not_matter() -> None:
    assert Settings.from_environment({**ENVIRONMENT, "BOOKLY_LOG_LEVEL": "INFO"}).brokers == "b:9092"


def test_a_producer_has_to_say_who_publishes() -> None:
    with pytest.raises(InvalidSettings, match="source is missing"):
        ProducerSettings.of({"source": ""}, ENVIRONMENT)


@pytest.mark.parametrize("impossible", [{"delivery_timeout": 0}, {"buffer_events": -1}, {"linger": 40.0}])
def test_an_impossible_number_is_refused(impossible: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettings, match=next(iter(impossible))):
        ProducerSettings.of({"source": "desk", **impossible}, ENVIRONMENT)  # type: ignore[typeddict-item]


def test_what_the_guarantees_rest_on_cannot_be_changed() -> None:
    with pytest.raises(InvalidSettings, match=r"kafka= may not set acks, enable\.idempotence"):
        ProducerSettings.of({"source": "desk", "kafka": {"acks": 1, "enable.idempotence": False}}, ENVIRONMENT)


def test_no_secret_is_in_a_repr() -> None:
    producer = ProducerSettings.of({"source": "desk", "kafka": {"sasl.password": "secret"}}, ENVIRONMENT)
    assert "secret" not in repr(producer) + repr(Settings.from_environment(ENVIRONMENT))


def test_the_internal_secret_is_a_variable_or_what_a_file_holds(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-a-file-0123456789\n")
    assert internal_secret({}) is internal_secret({"BOOKLY_INTERNAL_SECRET": ""}) is None
    assert internal_secret({"BOOKLY_INTERNAL_SECRET": "0123456789abcdef"}) == "0123456789abcdef"
    assert internal_secret({"BOOKLY_INTERNAL_SECRET_FILE": str(file)}) == "from-a-file-0123456789"


@pytest.mark.parametrize("given", ["0123456789abcde", "with a space 0123456", "gehéimnis-0123456", "line\nbreak-0123456"])
def test_a_secret_that_is_short_or_no_header_is_refused_and_not_quoted(given: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(given, encoding="utf-8")
    for environ in ({"BOOKLY_INTERNAL_SECRET": given}, {"BOOKLY_INTERNAL_SECRET_FILE": str(file)}):
        with pytest.raises(InvalidSettings, match="must be 16 characters or more") as refused:
            internal_secret(environ)
        assert given not in str(refused.value)


def test_a_secret_that_is_not_there_or_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"BOOKLY_INTERNAL_SECRET_FILE: .* cannot be read \(FileNotFoundError\)"):
        internal_secret({"BOOKLY_INTERNAL_SECRET_FILE": str(tmp_path / "nothing")})
    with pytest.raises(InvalidSettings, match="are both set"):
        internal_secret({"BOOKLY_INTERNAL_SECRET": "0123456789abcdef", "BOOKLY_INTERNAL_SECRET_FILE": "/secret"})

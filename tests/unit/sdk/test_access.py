"""Who clients are, and whom they believe: read in one place, said in sentences, and shown to nobody."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bookly.access import Access, aiokafka_settings, librdkafka_access, redis_access, registry_access
from bookly.cache.addresses import link_to
from bookly.errors import InvalidSettings
from bookly.registry import Registry
from bookly.settings import ProducerSettings
from bookly.transport import KafkaTransport, librdkafka_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SECRET = "correct-horse-battery"  # noqa: S105  # of no server
ROOT = Path(__file__).parents[3]
PAST = ('"bootstrap.servers":', "bootstrap_servers=", '{"url":')
MADE_IN = {"sdk/bookly/access.py", "sdk/bookly/transport.py"}


@pytest.fixture
def authority() -> str:
    """Certificates in PEM."""
    import certifi  # noqa: PLC0415  # the registry's client brings it

    return certifi.where()


@pytest.fixture
def full(authority: str) -> dict[str, str]:
    said = {"USER": "auth", "PASSWORD": SECRET, "CA": authority}
    return {f"BOOKLY_{server}_{what}": value for server in ("KAFKA", "REDIS", "REGISTRY") for what, value in said.items()}


def test_an_environment_that_says_nothing_means_plain_connections() -> None:
    assert librdkafka_access(environ={}) == {}
    assert aiokafka_settings("b:9092", {}) == {"bootstrap_servers": "b:9092"}
    assert redis_access("redis://c", {}) == {}
    assert registry_access("http://r", {}) == {"url": "http://r"}


def test_a_name_is_shown_by_scram_and_over_tls_alone(full: dict[str, str], authority: str) -> None:
    told = librdkafka_access(environ=full)
    assert (told["security.protocol"], told["sasl.mechanism"], told["ssl.ca.location"]) == (
        "SASL_SSL",
        "SCRAM-SHA-512",
        authority,
    )
    assert (told["sasl.username"], told["sasl.password"]) == ("auth", SECRET)
    own = aiokafka_settings("b:9092", full)
    assert (own["security_protocol"], own["sasl_mechanism"]) == ("SASL_SSL", "SCRAM-SHA-512")
    assert own["ssl_context"].verify_mode is ssl.CERT_REQUIRED
    assert own["ssl_context"].check_hostname
    del full["BOOKLY_KAFKA_CA"]
    assert librdkafka_access(environ=full)["security.protocol"] == "SASL_SSL"
    assert aiokafka_settings("b:9092", full)["security_protocol"] == "SASL_SSL"


def test_an_authority_alone_is_tls_without_a_name(authority: str) -> None:
    assert librdkafka_access(environ={"BOOKLY_KAFKA_CA": authority}) == {
        "security.protocol": "SSL",
        "ssl.ca.location": authority,
    }
    assert aiokafka_settings("b:9092", {"BOOKLY_KAFKA_CA": authority})["security_protocol"] == "SSL"


def test_what_a_producer_is_given_of_security_is_not_mixed_with_the_environment(full: dict[str, str]) -> None:
    assert librdkafka_access({"security.protocol": "PLAINTEXT"}, full) == {}
    assert librdkafka_access({"ssl.key.location": "/key"}, full) == {}
    assert librdkafka_access({"client.rack": "a"}, full)["sasl.username"] == "auth"


def test_redis_and_the_registry_get_name_password_and_authority(full: dict[str, str], authority: str) -> None:
    assert redis_access("rediss+cluster://c:6379", full) == {"username": "auth", "password": SECRET, "ssl_ca_certs": authority}
    told = registry_access("https://r/apis/ccompat/v7", full)
    assert (told["basic.auth.user.info"], told["ssl.ca.location"]) == (f"auth:{SECRET}", authority)


def test_a_password_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    said = {"BOOKLY_KAFKA_USER": "auth", "BOOKLY_KAFKA_PASSWORD_FILE": str(file)}
    assert Access.to("KAFKA", said).password == SECRET
    file.write_text("\n", encoding="utf-8")
    with pytest.raises(InvalidSettings, match=r"BOOKLY_KAFKA_PASSWORD_FILE: .*password is empty"):
        Access.to("KAFKA", said)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"BOOKLY_KAFKA_USER": "auth"}, "BOOKLY_KAFKA_USER is set and BOOKLY_KAFKA_PASSWORD"),
        ({"BOOKLY_KAFKA_PASSWORD": SECRET}, "BOOKLY_KAFKA_PASSWORD is set and BOOKLY_KAFKA_USER is not"),
        ({"BOOKLY_KAFKA_PASSWORD": SECRET, "BOOKLY_KAFKA_PASSWORD_FILE": "/x"}, "are both set"),
        ({"BOOKLY_KAFKA_USER": "a", "BOOKLY_KAFKA_PASSWORD_FILE": "/nothing"}, "/nothing cannot be read"),
        ({"BOOKLY_KAFKA_CA": "/nothing"}, "BOOKLY_KAFKA_CA: /nothing is no file"),
        ({"BOOKLY_KAFKA_CA": __file__}, "holds no certificate"),
        ({"BOOKLY_KAFKA_PASWORD": SECRET}, "did you mean BOOKLY_KAFKA_PASSWORD"),
        ({"BOOKLY_KAFKA_USERNAME": "auth"}, "did you mean BOOKLY_KAFKA_USER"),
    ],
)
def test_half_an_access_is_refused_in_a_sentence_without_the_secret(said: Mapping[str, str], sentence: str) -> None:
    with pytest.raises(InvalidSettings, match=sentence) as refused:
        aiokafka_settings("b:9092", said)
    assert SECRET not in str(refused.value)


def test_an_authority_that_holds_no_certificate_is_named_before_librdkafka_says_so_in_its_own_words() -> None:
    with pytest.raises(InvalidSettings, match=r"BOOKLY_KAFKA_CA: .* holds no certificate"):
        librdkafka_access(environ={"BOOKLY_KAFKA_CA": __file__})


@pytest.mark.parametrize("plain", [lambda e: redis_access("redis://c", e), lambda e: registry_access("http://r", e)])
def test_an_authority_for_a_plain_address_is_refused(plain: Callable[[Mapping[str, str]], Any], full: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings, match="nothing would be encrypted"):
        plain(full)


@pytest.mark.parametrize("twice", [lambda e: redis_access("rediss://:a@c", e), lambda e: registry_access("https://me:a@r", e)])
def test_two_names_for_one_server_are_refused(twice: Callable[[Mapping[str, str]], Any], full: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings, match="keep one of them"):
        twice(full)


def test_no_client_shows_the_secret(
    full: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in full.items():
        monkeypatch.setenv(name, value)
    caplog.set_level("DEBUG")
    settings = ProducerSettings.of({"source": "desk", "brokers": "localhost:1", "registry": "https://localhost:1"}, {})
    clients = Access.to("KAFKA"), KafkaTransport(settings), link_to("rediss://localhost:1", 1.0), Registry("https://localhost:1")
    assert SECRET not in " ".join(map(repr, clients)) + caplog.text
    assert "'auth'" in repr(clients[0])


def test_a_secret_that_librdkafka_cannot_take_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOKLY_KAFKA_USER", "auth")
    monkeypatch.setenv("BOOKLY_KAFKA_PASSWORD", SECRET)
    given = ProducerSettings(brokers="localhost:1", registry="https://r", source="desk", kafka={"compression.type": SECRET[::-1]})
    with pytest.raises(InvalidSettings, match="librdkafka refuses a setting") as refused:
        KafkaTransport(given)
    assert SECRET not in str(refused.value)


def test_no_client_of_the_system_is_made_past_the_one_place() -> None:
    """Neither confluent-kafka's, nor aiokafka's, nor the registry's: with an address of its own it would have no name."""
    found = []
    for part in ("sdk/bookly", "agents", "api", "contracts"):
        for path in (ROOT / part).rglob("*.py"):
            name, text = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
            if name not in MADE_IN and any(word in text for word in PAST):
                found.append(name)
    assert not found
    assert librdkafka_settings("b:9092")["bootstrap.servers"] == "b:9092"

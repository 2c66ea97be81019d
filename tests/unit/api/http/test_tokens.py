"""What is no proof of who asks."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey

from api.http.problems import Unauthenticated, Unavailable
from api.http.security.keysets import AGE_S, PAUSE_S, KeyRing, KeysUnavailable, UnknownKey, public_keys
from api.http.security.tokens import LONGEST, Tokens
from tests.unit.api.http.conftest import World, bearing
from tests.unit.api.http.tokens import AUDIENCE, EC, ISSUER, OTHER, RSA, Jwks, claims, token

if TYPE_CHECKING:
    from fastapi.testclient import TestClient


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def judge(*keys: Any) -> Tokens:
    return Tokens(KeyRing(Jwks(*(keys or (EC, RSA)))), issuer=ISSUER, audience=AUDIENCE)


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed_by_the_public_key() -> str:
    """The classic: a symmetric signature, made with what everybody knows."""
    text = f"{part({'alg': 'HS256', 'kid': 'rsa-1'})}.{part(claims('u-1'))}"
    signature = hmac.digest(RSA.as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def with_its_own_key() -> str:
    header = {"alg": "ES256", "kid": "ec-1", "jwk": OTHER.as_dict(private=False)}
    return jwt.encode(header, claims("u-1"), OTHER)


NOW = int(time.time())
ATTACKS = {
    "no algorithm": f"{part({'alg': 'none', 'kid': 'ec-1'})}.{part(claims('u-1'))}.",
    "no algorithm, in capitals": f"{part({'alg': 'NONE', 'kid': 'ec-1'})}.{part(claims('u-1'))}.",
    "no signature": token("u-1").rpartition(".")[0] + ".",
    "symmetric, by the public key": signed_by_the_public_key(),
    "another's key with our kid": jwt.encode({"alg": "ES256", "kid": "ec-1"}, claims("u-1"), OTHER),
    "a key that it brings along": with_its_own_key(),
    "a kid that we have not": jwt.encode({"alg": "ES256", "kid": "ec-2"}, claims("u-1"), EC),
    "no kid": jwt.encode({"alg": "ES256"}, claims("u-1"), ECKey.import_key(EC.as_dict(private=True) | {"kid": ""})),
    "another algorithm of the same key": jwt.encode({"alg": "PS256", "kid": "rsa-1"}, claims("u-1"), RSA, ["PS256"]),
    "an RSA algorithm with an EC kid": jwt.encode({"alg": "RS256", "kid": "ec-1"}, claims("u-1"), RSA),
    "expired": token("u-1", exp=NOW - 31),
    "not yet in force": token("u-1", nbf=NOW + 7_200, exp=NOW + 9_000),
    "without an end": token("u-1", exp=None),
    "an end that is no time": token("u-1", exp="tomorrow"),
    "of another issuer": token("u-1", iss="https://elsewhere.example"),
    "of no issuer": token("u-1", iss=None),
    "for somebody else": token("u-1", aud="another-service"),
    "for nobody": token("u-1", aud=None),
    "of nobody": token("u-1", sub=None),
    "of an empty user": token("u-1", sub=""),
    "of a user that is no text": token("u-1", sub=17),
    "without an id to revoke it by": token("u-1", jti=None),
    "with permissions that are no list": token("u-1", permissions="users:read"),
    "too long": token("u" * LONGEST),
    "no token": "nothing of the kind",
    "half a token": token("u-1").rpartition(".")[0],
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_token_is_refused_that_is(attack: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await judge().read(ATTACKS[attack])
    assert ATTACKS[attack] not in str(refused.value.detail)


@pytest.mark.parametrize(("algorithm", "key"), [("ES256", EC), ("RS256", RSA)])
async def test_a_good_token_says_who_and_what(algorithm: str, key: Any) -> None:
    made = jwt.encode({"alg": algorithm, "kid": key.kid}, claims("u-1", "users:read"), key, [algorithm])
    found = await judge().read(made)
    assert (found.user_id, found.permissions) == ("u-1", frozenset({"users:read"}))


@settings(max_examples=200)
@given(st.one_of(st.text(max_size=60), st.tuples(*[st.text(max_size=20)] * 3).map(".".join)))
async def test_no_text_is_more_than_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        await judge().read(text)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
async def test_no_header_is_more_than_refused(header: Any) -> None:
    with pytest.raises(Unauthenticated):
        await judge().read(f"{part(header)}.{part(claims('u-1'))}.c2ln")


@given(st.integers(0, 400), st.characters(codec="ascii"))
async def test_a_token_that_was_changed_anywhere_is_refused(place: int, other: str) -> None:
    good = token("u-1", jti="t-1")
    place %= len(good) - 1  # the last character holds bits that say nothing
    if good[place] == other:
        return
    with pytest.raises(Unauthenticated):
        await judge().read(good[:place] + other + good[place + 1 :])


async def test_a_new_key_is_found_and_an_unknown_one_costs_one_question_a_minute() -> None:
    clock, source = Clock(), Jwks(EC)
    keys = KeyRing(source, now=clock)
    await keys.key("ec-1")
    source.keys.append(RSA)
    for _ in range(100):
        with pytest.raises(UnknownKey):
            await keys.key("rsa-1")
    assert source.reads == 1
    clock.now += PAUSE_S
    await keys.key("rsa-1")
    assert source.reads == 2


async def test_a_key_that_was_taken_out_is_no_longer_believed_when_its_time_is_over() -> None:
    clock, source = Clock(), Jwks(EC, RSA)
    keys = KeyRing(source, now=clock)
    await keys.key("ec-1")
    source.keys = [RSA]
    clock.now += AGE_S + 1
    with pytest.raises(UnknownKey):
        await keys.key("ec-1")


async def test_known_keys_stay_while_the_set_cannot_be_read_and_without_any_nobody_is_judged() -> None:
    clock, source = Clock(), Jwks(EC)
    keys = KeyRing(source, now=clock)
    source.away = True
    with pytest.raises(KeysUnavailable):
        await keys.key("ec-1")
    with pytest.raises(Unavailable):
        await Tokens(keys, issuer=ISSUER, audience=AUDIENCE).read(token("u-1"))
    source.away = False
    clock.now += PAUSE_S
    await keys.key("ec-1")
    source.away = True
    clock.now += AGE_S + 1
    await keys.key("ec-1")


def test_symmetric_keys_and_those_for_encryption_sign_nothing() -> None:
    odd = [{"kty": "oct", "kid": "s", "k": "c2VjcmV0"}, {**EC.as_dict(private=False), "use": "enc"}, {"kty": "EC"}, "none"]
    assert public_keys(json.dumps({"keys": odd}).encode()) == {}


def test_a_broken_key_of_the_set_signs_nothing_and_the_others_count() -> None:
    broken = [{"kty": "EC", "crv": "P-256", "kid": "half", "x": "AA"}, {"kty": "RSA", "kid": "none", "n": 7}]
    found = public_keys(json.dumps({"keys": [*broken, EC.as_dict(private=False)]}).encode())
    assert set(found) == {"ec-1"}


def test_a_revoked_token_is_refused(client: TestClient, world: World) -> None:
    headers = {"Authorization": f"Bearer {token('u-1', 'users:read', jti='t-1')}"}
    assert client.get("/users/u-1", headers=headers).status_code == 200
    world.caches.auth.revoked.add("t-1")
    assert client.get("/users/u-1", headers=headers).status_code == 401


def test_while_revocations_cannot_be_asked_for_nobody_passes(client: TestClient, world: World) -> None:
    world.caches.auth.away = True
    refused = client.get("/users/u-1", headers=bearing("u-1", "users:read"))
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "3")


def test_what_a_deactivated_accounts_roles_permit_is_nothing(client: TestClient, world: World) -> None:
    by_roles = {"Authorization": f"Bearer {token('u-1', permissions=None)}"}
    row = world.owners.tables["auth", "users"]["u-1"]
    assert client.get("/users/u-1/reservations", headers=by_roles).status_code == 200
    world.owners.tables["auth", "users"]["u-1"] = {**row, "active": False}
    world.caches.auth.clear()  # as USER_DEACTIVATED does
    assert client.get("/users/u-1/reservations", headers=by_roles).status_code == 403

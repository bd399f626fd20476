"""Tokens of the company's backend: proved by one algorithm and its keys, for one customer, for a short time."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from channels.app import tokens

KEY, OLD_KEY, FOREIGN_KEY = ("a" * 32, "b" * 32, "c" * 32)
NOW_S = 1_800_000_000
KEYS = tokens.Keys(algorithm="HS256", keys=(KEY, OLD_KEY), audience="patchbay")


def token(key: Any = KEY, algorithm: str | None = "HS256", **changes: Any) -> bytes:
    claims = {"sub": "cust-1", "exp": NOW_S + 600, "aud": "patchbay", **changes}
    given_claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(given_claims, key, algorithm=algorithm).encode()


def proved(data: bytes, keys: tokens.Keys = KEYS) -> str:
    found = tokens.prove(keys, data, NOW_S * 1_000)
    return found.customer if found else ""


def test_a_token_names_its_customer_and_its_end() -> None:
    found = tokens.prove(KEYS, token(), NOW_S * 1_000)
    assert found == tokens.Token(customer="cust-1", until_ms=(NOW_S + 600 + tokens.SKEW_S) * 1_000)


def test_the_key_before_still_proves_and_a_foreign_one_does_not() -> None:
    assert proved(token(OLD_KEY)) == "cust-1"
    assert not proved(token(FOREIGN_KEY))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW_S - tokens.SKEW_S},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": float("inf")},
        {"exp": NOW_S + tokens.LIFE_S_MAX + tokens.SKEW_S + 1},
        {"nbf": NOW_S + tokens.SKEW_S + 1},
        {"aud": "another"},
        {"aud": None},
        {"aud": ["another", 7]},
        {"sub": None},
        {"sub": 7},
        {"sub": ""},
        {"sub": "a/b"},
        {"sub": "+"},
        {"sub": "cust-1\n"},
    ],
)
def test_what_is_over_too_early_too_long_lived_or_for_somebody_else_proves_nothing(changes: dict[str, Any]) -> None:
    assert not proved(token(**changes))


def test_a_token_for_several_audiences_may_be_for_us_too() -> None:
    assert proved(token(aud=["another", "patchbay"])) == "cust-1"


def test_a_token_without_a_signature_proves_nothing() -> None:
    assert not proved(token("", "none"))


def test_a_public_key_is_no_shared_secret() -> None:
    private = rsa.generate_private_key(65_537, 2_048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    keys = tokens.Keys(algorithm="RS256", keys=(public.decode(),), audience="patchbay")
    tokens.check_key("RS256", public.decode())
    assert proved(token(private, "RS256"), keys) == "cust-1"
    forged = jwt.api_jws.PyJWS().encode(b"{}", "x" * 32, algorithm="HS256").encode()
    assert not proved(forged, keys)


def test_keys_that_prove_nothing_are_refused_by_a_sentence_without_the_key() -> None:
    small = rsa.generate_private_key(65_537, 1_024).public_key()
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    pems = [
        each.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        for each in (small, curve)
    ]
    wrong = [("HS256", "short-secret"), ("RS256", "no-pem"), ("RS256", pems[0]), ("none", KEY), ("RS256", pems[1])]
    for algorithm, key in wrong:
        with pytest.raises(ValueError, match=r"token") as failed:
            tokens.check_key(algorithm, key)
        assert key not in str(failed.value)
    tokens.check_key("ES256", pems[1])


@given(st.binary(max_size=300))
def test_no_bytes_that_we_did_not_sign_prove_anything(data: bytes) -> None:
    assert not proved(data)


@given(st.integers(0, len(token()) - 1), st.integers(1, 255))
def test_a_token_with_one_other_byte_is_the_same_token_or_none(place: int, change: int) -> None:
    data = bytearray(token())
    data[place] ^= change
    assert proved(bytes(data)) in {"", "cust-1"}


def test_keys_are_shown_by_nothing() -> None:
    assert KEY not in repr(KEYS)

"""Tokens (JWT) by which the company's own page says who its visitor is. Pure: keys and a time, no request."""

from __future__ import annotations

import re
from collections.abc import Mapping

import jwt

ALGORITHM = "HS256"
# RFC 7518, 3.2: a key of the size of the hash, or longer.
KEY_BYTES_MIN = 32
# A page makes one for each view. One that lived longer could be carried off and used by somebody else.
LIFE_S_MAX = 3_600
# Two clocks may differ by so much.
SKEW_S = 60
TOKEN_CHARS_MAX = 4_000
PROOF = "token"
# The company's own name of a customer: the same as in the tokens of its app, so that both are one customer.
ACCOUNT, EMAIL, PHONE = "app", "email", "phone"
_ACCOUNT = re.compile(r"[A-Za-z0-9._@-]{1,64}")
ADDRESS = re.compile(r"[^@\s<>,;:\"()]{1,64}@[^@\s<>,;:\"()]{1,190}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")

# claim, as OpenID Connect names it -> (kind of identity, its form, the claim that must be true beside it).
_CLAIMS: dict[str, tuple[str, re.Pattern[str], str]] = {
    "sub": (ACCOUNT, _ACCOUNT, ""),
    "email": (EMAIL, ADDRESS, "email_verified"),
    "phone_number": (PHONE, _PHONE, "phone_number_verified"),
}


def keys_of(names: tuple[str, ...], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys that these variables hold. Raises ValueError with a sentence, never with a key."""
    keys = []
    for name in names:
        key = environment.get(name, "")
        if len(key.encode()) < KEY_BYTES_MIN:
            raise ValueError(f"the environment variable {name} must hold a key of {KEY_BYTES_MIN} bytes at least")
        keys.append(key)
    return tuple(keys)


def proved(keys: tuple[str, ...], token: str, *, site: str, now_ms: int) -> tuple[tuple[str, str], ...]:
    """Return what a token proves of a visitor of a site, by (kind, value); nothing where it is none of ours."""
    claims = next((found for key in keys if (found := _claims(key, token)) is not None), None)
    if claims is None or not _holds_now(claims, now_ms / 1_000) or claims.get("aud", site) != site:
        return ()
    found = {claim: claims.get(claim) for claim in _CLAIMS}
    return tuple(
        (kind, said)
        for claim, (kind, form, beside) in _CLAIMS.items()
        if isinstance(said := found[claim], str) and form.fullmatch(said) and (not beside or claims.get(beside) is True)
    )


def _claims(key: str, token: str) -> dict[str, object] | None:
    """Times and audience are judged by us, with our clock."""
    unjudged: jwt.types.Options = {
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
        "verify_aud": False,
        "verify_sub": False,
        "enforce_minimum_key_length": True,
    }
    try:
        claims: dict[str, object] = jwt.decode(token, key, algorithms=[ALGORITHM], options=unjudged)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return None
    return claims


def _holds_now(claims: Mapping[str, object], now_s: float) -> bool:
    until_s, from_s = claims.get("exp"), claims.get("nbf", 0)
    if isinstance(until_s, bool) or isinstance(from_s, bool):
        return False
    if not isinstance(until_s, int | float) or not isinstance(from_s, int | float):
        return False
    return from_s - SKEW_S <= now_s < until_s + SKEW_S and until_s <= now_s + LIFE_S_MAX + SKEW_S

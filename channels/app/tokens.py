"""Tokens (JWT) that the company's backend gives its app: whose they are and until when. Pure: keys and a time."""

from __future__ import annotations

from collections.abc import Sequence

import jwt
import msgspec

from channels.app.frames import is_customer

ALGORITHMS = ("HS256", "RS256", "ES256", "EdDSA")
SHARED = "HS256"
# RFC 7518, 3.2: a key of the size of the hash, or longer.
SHARED_KEY_BYTES_MIN = 32
# A token that lives longer cannot be taken back for longer.
LIFE_S_MAX = 24 * 3_600
# Two clocks may differ by so much.
SKEW_S = 60
# Beyond it, in some thirty thousand years, a number is no time.
TIME_S_MAX = 1 << 40


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """What proves a token: one algorithm, its keys (the new and the one before), and for whom tokens must be made."""

    algorithm: str
    keys: tuple[str, ...]
    audience: str = ""

    def __repr__(self) -> str:
        return f"Keys({self.algorithm}, {len(self.keys)})"


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token that was proved."""

    customer: str
    until_ms: int


def check_key(algorithm: str, key: str) -> None:
    """Raise ValueError, with a sentence and without the key, for a key that proves nothing."""
    if algorithm not in ALGORITHMS:
        raise ValueError(f"app.token_algorithm must be one of {', '.join(ALGORITHMS)}")
    if algorithm == SHARED and len(key.encode()) < SHARED_KEY_BYTES_MIN:
        raise ValueError(f"the key of HS256 tokens must have {SHARED_KEY_BYTES_MIN} bytes at least")
    try:
        known = jwt.get_algorithm_by_name(algorithm)
        short = known.check_key_length(known.prepare_key(key))
    except (jwt.PyJWTError, ValueError, TypeError):
        raise ValueError(f"the key of {algorithm} tokens must be a public key in PEM") from None
    if short:
        raise ValueError(f"the key of {algorithm} tokens is too short")


def prove(keys: Keys, token: bytes, now_ms: int) -> Token | None:
    """Return whose token this is; None for one that is not proved, over, too early or too long-lived."""
    claims = next((found for key in keys.keys if (found := _claims(keys, key, token)) is not None), None)
    if claims is None or not _is_for(claims.get("aud"), keys.audience):
        return None
    customer, until_s, not_before_s = claims.get("sub"), _time(claims.get("exp")), _time(claims.get("nbf", 0))
    if not isinstance(customer, str) or not is_customer(customer) or until_s is None or not_before_s is None:
        return None
    now_s = now_ms / 1_000
    if not now_s < until_s + SKEW_S or until_s > now_s + LIFE_S_MAX + SKEW_S or not_before_s > now_s + SKEW_S:
        return None
    return Token(customer=customer, until_ms=int((until_s + SKEW_S) * 1_000))


def _claims(keys: Keys, key: str, token: bytes) -> dict[str, object] | None:
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
        claims: dict[str, object] = jwt.decode(token, key, algorithms=[keys.algorithm], options=unjudged)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return None
    return claims


def _is_for(audience: object, ours: str) -> bool:
    named: Sequence[object] = audience if isinstance(audience, list) else [audience]
    return not ours or ours in named


def _time(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < TIME_S_MAX else None

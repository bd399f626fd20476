"""Form tokens: which form, when it was given out, and a name that is used once. Pure: a key, a clock's reading."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

import msgspec

# A page that has been open for longer is asked to send once more; its values stay (CHANNELS.md 9).
TOKEN_MS_MAX = 2 * 3_600_000
_MAC_BYTES = 16


class Token(msgspec.Struct, frozen=True, array_like=True):
    """`nonce` is the submission's idempotency key."""

    form: str
    issued_ms: int
    nonce: str


def issue(secret: bytes, form: str, now_ms: int) -> str:
    """Return a new token as text."""
    body = msgspec.msgpack.encode(Token(form, now_ms, secrets.token_hex(8)))
    return base64.urlsafe_b64encode(_mac(secret, body) + body).decode().rstrip("=")


def read(secret: bytes, text: str) -> Token | None:
    """Return the token if it is ours, whatever its age; None for anything else."""
    try:
        data = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        mac, body = data[:_MAC_BYTES], data[_MAC_BYTES:]
        if not hmac.compare_digest(mac, _mac(secret, body)):
            return None
        return msgspec.msgpack.decode(body, type=Token)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        return None


def _mac(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).digest()[:_MAC_BYTES]

"""Chat sessions as signed tokens: who the visitor said they are, until when. Pure: a key and a clock's reading."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

import msgspec

_MAC_BYTES = 16


class Visitor(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One browser at one site. What was typed before the chat travels here and proves nothing."""

    site: str
    id: str
    expires_ms: int
    name: str = ""
    email: str = ""
    language: str = ""
    declared: tuple[tuple[str, str], ...] = ()


def new_id() -> str:
    """Return an unguessable visitor id."""
    return secrets.token_hex(16)


def seal(secret: bytes, visitor: Visitor) -> str:
    """Return the token of a visitor."""
    body = msgspec.msgpack.encode(visitor)
    return base64.urlsafe_b64encode(_mac(secret, body) + body).decode().rstrip("=")


def unseal(secret: bytes, token: str, now_ms: int) -> Visitor | None:
    """Return the visitor of a token that is ours and has not expired, else None."""
    try:
        data = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        mac, body = data[:_MAC_BYTES], data[_MAC_BYTES:]
        if not hmac.compare_digest(mac, _mac(secret, body)):
            return None
        visitor = msgspec.msgpack.decode(body, type=Visitor)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        return None
    return visitor if now_ms < visitor.expires_ms else None


def _mac(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).digest()[:_MAC_BYTES]

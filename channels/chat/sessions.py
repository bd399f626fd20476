"""Chat sessions as signed tokens: who the visitor said they are, until when. Pure: a key and a clock's reading."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Annotated

import msgspec
from msgspec import Meta

from channels.chat.identity import TOKEN_CHARS_MAX

_MAC_BYTES = 16


class Visitor(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One browser at one site. What was typed before the chat travels here and proves nothing.

    `proved`: what a token of the company's own said of them, by (kind, value).
    """

    site: str
    id: str
    expires_ms: int
    name: str = ""
    email: str = ""
    language: str = ""
    declared: tuple[tuple[str, str], ...] = ()
    proved: tuple[tuple[str, str], ...] = ()

    def is_somebody_else(self, proved: tuple[tuple[str, str], ...]) -> bool:
        """Return whether these proofs speak of another person: somebody else has signed in at this browser."""
        mine, theirs = dict(self.proved), dict(proved)
        return any(mine[kind] != theirs[kind] for kind in mine.keys() & theirs.keys())


class NewSession(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page sends to begin. Everything typed is unproven. `token`: an earlier session goes on.

    `identity`: a token of the company's own, by which its page says who this is.
    """

    site: Annotated[str, Meta(max_length=64)] = "main"
    name: Annotated[str, Meta(max_length=100)] = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    language: Annotated[str, Meta(max_length=16)] = ""
    declared: dict[Annotated[str, Meta(max_length=40)], Annotated[str, Meta(max_length=80)]] = {}
    token: Annotated[str, Meta(max_length=8_000)] = ""
    identity: Annotated[str, Meta(max_length=TOKEN_CHARS_MAX)] = ""


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

"""The site's key, and the keys derived from it. It lives outside the database and is never printed."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from router.site.datalock import STORE_FILE
from router.site.durable import write_durably

KEY_BYTES = 32
KEY_FILE = "site.key"
KEY_VARIABLE = "PATCHBAY_SITE_KEY"
EFFECT_KEY_CHARS = 32


class SiteKeyError(Exception):
    """The site's key cannot be used; the sentence says what to do, never the key."""


class SiteKey:
    """One secret per site. Each purpose has its own derived key, so that none helps with another."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise SiteKeyError(f"The site key must have {KEY_BYTES} bytes (64 hexadecimal digits).")
        self._secret = secret

    def __repr__(self) -> str:
        return "SiteKey(…)"

    def derive(self, *purpose: str) -> bytes:
        """Return 32 bytes for a purpose, in the way of HKDF-Expand with one block."""
        info = b"".join(len(word.encode()).to_bytes(4, "big") + word.encode() for word in purpose)
        return hmac.digest(self._secret, b"patchbay" + info + b"\x01", hashlib.sha256)

    def effect_keys(self, site: str) -> Callable[[int], str]:
        """Return what names a site's effects for their providers: the same on each repeat, and unguessable."""
        keyed = hmac.new(self.derive("effect", site), digestmod=hashlib.sha256)

        def key_of(effect: int) -> str:
            mark = keyed.copy()
            mark.update(effect.to_bytes(8, "big"))
            return mark.hexdigest()[:EFFECT_KEY_CHARS]

        return key_of


def load_site_key(directory: Path, environment: Mapping[str, str]) -> SiteKey:
    """Return the key of the environment, else of the data directory; make one there at the first start."""
    named = environment.get(KEY_VARIABLE, "")
    if named:
        return _from_hex(named, KEY_VARIABLE)
    path = directory / KEY_FILE
    try:
        return _from_hex(path.read_text(encoding="ascii"), KEY_FILE)
    except FileNotFoundError:
        if (directory / STORE_FILE).exists():
            raise SiteKeyError(
                f"{KEY_FILE} is missing, and this data was made with it. Bring it back, or set {KEY_VARIABLE}."
            ) from None
        return _make(path)
    except UnicodeDecodeError:
        raise SiteKeyError(f"{KEY_FILE} must hold 64 hexadecimal digits.") from None
    except OSError as fault:
        raise SiteKeyError(f"{KEY_FILE} cannot be read ({os.strerror(fault.errno or 0)}).") from None


def _from_hex(text: str, where: str) -> SiteKey:
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        raise SiteKeyError(f"{where} must hold 64 hexadecimal digits.") from None
    return SiteKey(secret)


def _make(path: Path) -> SiteKey:
    """Write a new key, readable by its owner only and on the disk before anything is hashed with it."""
    secret = secrets.token_bytes(KEY_BYTES)
    write_durably(path, secret.hex().encode() + b"\n")
    return SiteKey(secret)

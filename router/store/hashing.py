"""Keyed hashes: how a key, an identity or a provider's id is found without being written into an index."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

Hasher = Callable[[str, str], bytes]
"""(kind, value) -> 16 bytes. The key lies outside the database; the kind carries the site."""

HASH_BYTES = 16


def keyed_hasher(key: bytes) -> Hasher:
    """Return a hasher for a secret key of 16 to 64 bytes."""
    if not 16 <= len(key) <= 64:
        raise ValueError("the key of the store's hashes has 16 to 64 bytes")

    def of(kind: str, value: str) -> bytes:
        # The length separates kind from value, so that no two pairs run together.
        data = f"{len(kind)}:{kind}{value}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, key=key, digest_size=HASH_BYTES).digest()

    return of


class Hashes:
    """The kinds of hash the store uses, so that each is spelt once."""

    def __init__(self, hasher: Hasher) -> None:
        self._hasher = hasher

    def dedupe(self, site: str, channel: str, value: str) -> bytes:
        """Return the hash of a channel's dedupe key."""
        return self._hasher(f"{site}/dedupe/{channel}", value)

    def line(self, site: str, channel: str, key: str) -> bytes:
        """Return the hash of a line's key."""
        return self._hasher(f"{site}/line/{channel}", key)

    def identity(self, site: str, kind: str, value: str) -> bytes:
        """Return the hash of an identity's value."""
        return self._hasher(f"{site}/identity/{kind}", value)

    def hint(self, site: str, kind: str, value: str) -> bytes:
        """Return the hash of what customers are compared by."""
        return self._hasher(f"{site}/hint/{kind}", value)

    def provider(self, site: str, value: str) -> bytes:
        """Return the hash of a provider's message id."""
        return self._hasher(f"{site}/provider", value)

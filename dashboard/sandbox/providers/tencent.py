"""The envelope of WeChat's platform, written from its documents on their side: signs, seals and opens. No account.

It shares nothing with the channel that it is held against.
"""

from __future__ import annotations

import base64
import hashlib
import xml.etree.ElementTree as ET

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK_BYTES = 32
IV_BYTES, RANDOM_BYTES, LENGTH_BYTES = 16, 16, 4


def sorted_sha1(*parts: str) -> str:
    """Return the signature of these platforms."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


class Envelope:
    """Seals and opens for one account. `owner` is the app id that stands at the end of what is sealed."""

    def __init__(self, token: str, key: str, owner: str) -> None:
        self._token, self._owner = token, owner.encode()
        self._key = base64.b64decode(key + "=")

    def signature(self, timestamp: str, nonce: str, sealed: str) -> str:
        return sorted_sha1(self._token, timestamp, nonce, sealed)

    def seal(self, content: bytes, random: bytes) -> str:
        """Seal something under 16 random bytes."""
        plain = random + len(content).to_bytes(LENGTH_BYTES, "big") + content + self._owner
        pad = BLOCK_BYTES - len(plain) % BLOCK_BYTES
        writer = self._cipher().encryptor()
        return base64.b64encode(writer.update(plain + bytes([pad]) * pad) + writer.finalize()).decode()

    def open(self, sealed: str) -> bytes:
        """Return what is sealed. Raises ValueError for anything that is not for this account."""
        reader = self._cipher().decryptor()
        padded = reader.update(base64.b64decode(sealed, validate=True)) + reader.finalize()
        plain = padded[: -padded[-1]]
        head = RANDOM_BYTES + LENGTH_BYTES
        end = head + int.from_bytes(plain[RANDOM_BYTES:head], "big")
        if plain[end:] != self._owner:
            raise ValueError("sealed for another account")
        return plain[head:end]

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:IV_BYTES]))


def fields_of(body: bytes) -> dict[str, str]:
    """Return the fields of an answer. Raises ValueError for anything that is no document."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - our own answer, read in the sandbox and in tests alone.
    except ET.ParseError:
        raise ValueError("no document") from None
    return {field.tag: field.text or "" for field in root}

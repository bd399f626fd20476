"""The envelope around callbacks: AES, signatures over it, and XML without entities. Pure; knows no message kinds.

https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/Technical_Plan.html
"""

from __future__ import annotations

import base64
import binascii
import xml.parsers.expat
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from channels.five_seconds import is_signed, sorted_sha1

# The console makes 43 characters: Base64 of 32 bytes without its last sign.
KEY_CHARS, KEY_BYTES = 43, 32
IV_BYTES, RANDOM_BYTES, LENGTH_BYTES = 16, 16, 4
# PKCS#7, but to 32 bytes: libraries for AES's own block of 16 refuse it.
PAD_BYTES_MAX = 32
# What is sent is three deep at most; a document deeper than this is an attack.
DEPTH_MAX = 16


class Unreadable(ValueError):
    """A body that cannot be read; the code says why."""


class Sealer:
    """Opens and seals envelopes for one account. `owner` is the app id or corp id that must stand at the end."""

    def __init__(self, token: str, key: str, owner: str) -> None:
        """Raise ValueError where the key is none."""
        self._token, self._owner = token, owner.encode()
        self._key = _key_bytes(key)

    def is_signed(self, given: str, timestamp: str, nonce: str, sealed: str) -> bool:
        """Return whether `msg_signature` is right for what is sealed."""
        return is_signed(given, self._token, timestamp, nonce, sealed)

    def signature(self, timestamp: str, nonce: str, sealed: str) -> str:
        """Return the `msg_signature` of something sealed."""
        return sorted_sha1(self._token, timestamp, nonce, sealed)

    def open(self, sealed: str) -> bytes:
        """Return what is sealed. Raises Unreadable; no answer may tell which step failed."""
        try:
            data = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError):
            raise Unreadable("sealed_unreadable") from None
        if not data or len(data) % IV_BYTES:
            raise Unreadable("sealed_unreadable")
        reader = self._cipher().decryptor()
        return self._content(_unpadded(reader.update(data) + reader.finalize()))

    def seal(self, content: bytes, random: bytes) -> str:
        """Seal something under 16 random bytes."""
        assert len(random) == RANDOM_BYTES, "the random prefix has a fixed length"
        plain = random + len(content).to_bytes(LENGTH_BYTES, "big") + content + self._owner
        pad = PAD_BYTES_MAX - len(plain) % PAD_BYTES_MAX
        writer = self._cipher().encryptor()
        return base64.b64encode(writer.update(plain + bytes([pad]) * pad) + writer.finalize()).decode()

    def _content(self, plain: bytes) -> bytes:
        head = RANDOM_BYTES + LENGTH_BYTES
        length = int.from_bytes(plain[RANDOM_BYTES:head], "big")
        if len(plain) < head or length > len(plain) - head:
            raise Unreadable("sealed_unreadable")
        if plain[head + length :] != self._owner:
            raise Unreadable("sealed_for_another")
        return plain[head : head + length]

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:IV_BYTES]))


def _key_bytes(key: str) -> bytes:
    try:
        # Not strict: the last sign of many real keys carries bits that no byte uses.
        data = base64.b64decode(key + "=")
    except (binascii.Error, ValueError):
        data = b""
    if len(key) != KEY_CHARS or len(data) != KEY_BYTES:
        raise ValueError(f"an EncodingAESKey has {KEY_CHARS} letters and digits")
    return data


def _unpadded(plain: bytes) -> bytes:
    pad = plain[-1]
    if not 1 <= pad <= PAD_BYTES_MAX or plain[-pad:] != bytes([pad]) * pad:
        raise Unreadable("sealed_unreadable")
    return plain[:-pad]


def fields_of(body: bytes) -> dict[str, str]:
    """Return the fields of `<xml>…</xml>`; those inside a field are named `Outer.Inner`. Raises Unreadable.

    The encoding a document declares is not believed, and it has no document type: so no entity and no file is read.
    """
    reader = _Fields()
    try:
        reader.parser_of().Parse(body, True)
    except (xml.parsers.expat.ExpatError, ValueError, LookupError):
        raise Unreadable("xml_unreadable") from None
    return reader.fields


class _Fields:
    """Collects texts by their path below the root; of a field that comes twice the first is kept."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self._path: list[str] = []
        self._text: list[str] = []

    def parser_of(self) -> xml.parsers.expat.XMLParserType:
        """Return a parser that tells us. We do not hold it: a ring of the two would wait for the garbage collector."""
        parser = xml.parsers.expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        return parser

    @staticmethod
    def _refuse(*_: Any) -> None:
        raise Unreadable("xml_unreadable")

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._path.append(name)
        self._text.clear()
        if len(self._path) > DEPTH_MAX:
            raise Unreadable("xml_unreadable")

    def _end(self, _name: str) -> None:
        below = ".".join(self._path[1:])
        self._path.pop()
        if below and below not in self.fields:
            self.fields[below] = "".join(self._text)
        self._text.clear()

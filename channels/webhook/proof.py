"""Whether a request is the provider's: its signature, its age, its secret. Pure: header and body in, a word out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

import msgspec

HOWS = ("hmac", "header", "none")
ALGORITHMS = ("sha1", "sha256", "sha512")
ENCODINGS = ("hex", "base64")
KEYS = ("text", "base64", "hex")
UNITS = {"s": 1_000, "ms": 1}
# More signatures in one header than secrets ever turn at a time.
VALUES_MAX = 20
_STAMP_CHARS_MAX = 16
_HOLES = re.compile(r"\{([^{}]*)\}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,80}")


class Signature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a request proves itself.

    `hmac`: `header` holds `prefix` and the `encoding` of the HMAC of `signed`, a text over `{body}`, `{timestamp}` and
    `{id}`; with `separator` there may be several. `timestamp` and `id` name headers; with `timestamp_prefix` the
    timestamp stands in the signature's own header (`t=…,v1=…`). `header`: the header is the secret itself.
    `secret_in` says how the secret is written in its variable.
    """

    how: str = "hmac"
    header: str = ""
    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    separator: str = ""
    signed: str = "{body}"
    timestamp: str = ""
    timestamp_prefix: str = ""
    timestamp_in: str = "s"
    id: str = ""
    secret_in: str = KEYS[0]
    within_ms: int = 300_000

    def __post_init__(self) -> None:
        """Refuse what could not prove anything."""
        for name, choice in {"how": HOWS, "algorithm": ALGORITHMS, "encoding": ENCODINGS, "secret_in": KEYS}.items():
            if getattr(self, name) not in choice:
                raise ValueError(f"'{name}' must be one of {', '.join(choice)}")
        if self.timestamp_in not in UNITS:
            raise ValueError("'timestamp_in' must be s or ms")
        if self.how != "none" and not _HEADER.fullmatch(self.header):
            raise ValueError("'header' must name the header that holds the proof, such as X-Hub-Signature-256")
        holes = _HOLES.findall(self.signed)
        if self.how == "hmac" and ("body" not in holes or not set(holes) <= {"body", "timestamp", "id"}):
            raise ValueError("'signed' must hold {body}, and may hold {timestamp} and {id}")
        if "timestamp" in holes and not (self.timestamp or self.timestamp_prefix):
            raise ValueError("'signed' holds {timestamp}: name its header with 'timestamp', or 'timestamp_prefix'")
        if "id" in holes and not self.id:
            raise ValueError("'signed' holds {id}: name its header with 'id'")
        if self.timestamp_prefix and not self.separator:
            raise ValueError("'timestamp_prefix' needs 'separator', which parts the header")
        if not 1_000 <= self.within_ms <= 86_400_000:
            raise ValueError("'within' must be between 1s and 24h")


def fault_of(
    signature: Signature, secrets: Sequence[str], headers: Mapping[str, str], *, body: bytes, now_ms: int
) -> str:
    """Return why a request is not believed, empty when it is. Every secret is tried: one may be on its way out."""
    if signature.how == "none":
        return ""
    given, usable = headers.get(signature.header, ""), [secret for secret in secrets if secret]
    if not given or not usable:
        return "signature_missing" if usable else "secret_missing"
    if signature.how == "header":
        same = [hmac.compare_digest(_raw(given), secret.encode()) for secret in usable]
        return "" if any(same) else "signature"
    parts = [part.strip() for part in given.split(signature.separator)] if signature.separator else [given]
    stamp = _stamp(signature, headers, parts)
    if "{timestamp}" in signature.signed and not _is_of_now(signature, stamp, now_ms):
        return "timestamp"
    message = _message(signature, {"timestamp": stamp, "id": headers.get(signature.id, "")}, body)
    values = [part.removeprefix(signature.prefix) for part in parts if part.startswith(signature.prefix)]
    return "" if _any_right(signature, values[:VALUES_MAX], usable, message) else "signature"


def _any_right(signature: Signature, values: Sequence[str], secrets: Sequence[str], message: bytes) -> bool:
    found = [_bytes_of(value, signature.encoding) for value in values]
    keys = [_key(secret, signature.secret_in) for secret in secrets]
    made = [hmac.digest(key, message, signature.algorithm) for key in keys if key]
    return any(hmac.compare_digest(each, right) for each in found if each for right in made)


def _key(secret: str, written_in: str) -> bytes:
    """Return the bytes of a secret. One in Base64 may begin as Standard Webhooks write theirs."""
    return _bytes_of(secret if written_in == "text" else secret.removeprefix("whsec_"), written_in)


def _stamp(signature: Signature, headers: Mapping[str, str], parts: Sequence[str]) -> str:
    if signature.timestamp_prefix:
        found = [part for part in parts if part.startswith(signature.timestamp_prefix)]
        return found[0].removeprefix(signature.timestamp_prefix) if found else ""
    return headers.get(signature.timestamp, "") if signature.timestamp else ""


def _is_of_now(signature: Signature, stamp: str, now_ms: int) -> bool:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _STAMP_CHARS_MAX):
        return False
    return abs(now_ms - int(stamp) * UNITS[signature.timestamp_in]) <= signature.within_ms


def _message(signature: Signature, values: Mapping[str, str], body: bytes) -> bytes:
    """Put what was signed together. The body stands in it as it came, byte for byte."""
    pieces = _HOLES.split(signature.signed)
    return b"".join(
        (body if piece == "body" else _raw(values[piece])) if index % 2 else piece.encode()
        for index, piece in enumerate(pieces)
    )


def _bytes_of(text: str, encoding: str) -> bytes:
    """Return the bytes that a text stands for, none for one that is malformed: the others may still be right."""
    try:
        if encoding == "hex":
            return bytes.fromhex(text)
        if encoding == "base64":
            return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""
    return _raw(text)


def _raw(text: str) -> bytes:
    """Return a header's text as it came: what was no UTF-8 is kept by the server in a form of its own."""
    return text.encode("utf-8", "surrogateescape")


def name_of(*parts: str) -> str:
    """Return a short name for parts of any length."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]

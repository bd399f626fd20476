"""Links by which a customer rates a conversation: who has one may say how it was, until a day. No store here."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable

DAY_MS = 86_400_000
CONV_BYTES, DAY_BYTES = 6, 3
# 80 bits: nobody guesses one, and a message of 160 characters still has room for words beside it.
MARK_BYTES = 10
TOKEN_BYTES = CONV_BYTES + DAY_BYTES + MARK_BYTES
# What agents and ready sentences write in the place of a link.
PLACE = "{rate.link}"


class RateLinks:
    """Makes and reads the links of one site."""

    def __init__(self, key: bytes, base_url: str, now_ms: Callable[[], int]) -> None:
        self._key, self._base, self._now_ms = key, base_url.rstrip("/"), now_ms

    def link(self, conv: int, *, for_ms: int) -> str:
        """Return the address at which a conversation is rated for so long from now on, to the end of a day."""
        return f"{self._base}/rate/{self.token(conv, for_ms=for_ms)}"

    def token(self, conv: int, *, for_ms: int) -> str:
        """Return what stands at the end of a link."""
        last_day = (self._now_ms() + for_ms) // DAY_MS
        said = conv.to_bytes(CONV_BYTES, "big") + last_day.to_bytes(DAY_BYTES, "big")
        return base64.urlsafe_b64encode(said + self._mark(said)).decode().rstrip("=")

    def conversation(self, token: str) -> int:
        """Return the conversation that a token is for, 0 for one that is not ours or whose day is over."""
        try:
            whole = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except (binascii.Error, UnicodeEncodeError):
            return 0
        said, mark = whole[: CONV_BYTES + DAY_BYTES], whole[CONV_BYTES + DAY_BYTES :]
        if len(whole) != TOKEN_BYTES or not hmac.compare_digest(mark, self._mark(said)):
            return 0
        last_day = int.from_bytes(said[CONV_BYTES:], "big")
        return int.from_bytes(said[:CONV_BYTES], "big") if self._now_ms() // DAY_MS <= last_day else 0

    def _mark(self, said: bytes) -> bytes:
        return hmac.digest(self._key, b"rate" + said, hashlib.sha256)[:MARK_BYTES]

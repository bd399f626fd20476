"""What was tried, in the book, so that an unsure sending can be asked about; and what was heard of it. No network."""

from __future__ import annotations

import hmac
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import msgspec

from channels.contract import Book, Receipt
from channels.sms.reading import RANKS
from channels.twilio import moment_ms

# The book has no way to forget, so attempts share so many pages; an attempt is asked about within minutes.
PAGES = 4096
# The provider's clock against ours.
SKEW_MS = 30_000
# So many sure messages are remembered; an unsure one is asked about within minutes.
CONFIRMED_MAX = 5_000
# Statuses of so many messages are remembered, to know an old one that comes late.
HEARD_MAX = 20_000


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One sending, without text or address: `print` is a keyed hash of both. `known`: messages that were before it."""

    key: str
    at_ms: int
    ours: str
    print: str
    known: tuple[str, ...] = ()


class Attempts:
    """The attempts of one channel."""

    def __init__(self, book: Book, secret: bytes) -> None:
        self._book = book
        self._secret = secret
        self._confirmed: OrderedDict[str, str] = OrderedDict()

    async def note(self, attempt: Attempt) -> None:
        """Write an attempt down before it is made."""
        await self._book.note(_page(attempt.key), msgspec.json.encode(attempt).decode())

    def confirm(self, sid: str, key: str) -> None:
        """Remember a message whose sending is sure, so that a later one of the same words is not taken for it."""
        self._confirmed[sid] = key
        if len(self._confirmed) > CONFIRMED_MAX:
            self._confirmed.popitem(last=False)

    async def of(self, key: str) -> Attempt | None:
        """Return the attempt of an effect, None where its page was taken by a later one."""
        found = await self._book.read(_page(key))
        attempt = msgspec.json.decode(found, type=Attempt) if found else None
        return attempt if attempt is not None and attempt.key == key else None

    def fits(self, attempt: Attempt, record: Mapping[str, Any]) -> bool:
        """Return whether a listed message is what the attempt made."""
        sid = str(record.get("sid") or "")
        if sid in attempt.known or self._confirmed.get(sid, attempt.key) != attempt.key:
            return False
        made_ms = moment_ms(record.get("date_created") or "")
        told = self.print_of(record.get("to") or "", record.get("body") or "")
        return made_ms >= attempt.at_ms - SKEW_MS and hmac.compare_digest(told, attempt.print)

    def print_of(self, theirs: str, text: str) -> str:
        """Return a keyed hash of whom something was said to, and what."""
        return hmac.digest(self._secret, f"{theirs}\0{text.strip()}".encode(), "sha256").hex()[:32]


class Heard:
    """The last status of each message of ours, so that one that comes late takes nothing back."""

    def __init__(self) -> None:
        self._ranks: OrderedDict[str, int] = OrderedDict()

    def is_news(self, receipt: Receipt) -> bool:
        """Return whether a status tells more than those before."""
        return RANKS[receipt.status] > self._ranks.get(receipt.provider, 0)

    def note(self, receipt: Receipt) -> None:
        """Remember a status that is on the disk."""
        self._ranks[receipt.provider] = RANKS[receipt.status]
        self._ranks.move_to_end(receipt.provider)
        if len(self._ranks) > HEARD_MAX:
            self._ranks.popitem(last=False)


def _page(key: str) -> str:
    return f"attempt:{zlib.crc32(key.encode()) % PAGES}"

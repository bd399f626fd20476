"""Fetches what no webhook brought: lists messages since a cursor in the book. Sends nothing, parses in `reading`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from channels.contract import AnySignal, Door, EffectFailed
from channels.sms.attempts import Heard
from channels.sms.reading import Lines, Unreadable, receipt_of, said_of, signals_of
from channels.twilio import PAGE_SIZE, Rest, TooMany, iso

CURSOR = "messages"
# A message may be listed a little after it came, and its date is the provider's: each round looks back so far.
OVERLAP_MS = 10 * 60_000
# After a long absence the past is worked off in such steps, halved while one has more pages than a round reads.
STEP_MS, STEP_MS_MIN = 6 * 3_600_000, 60_000
PAGES_MAX = 100


class Missed:
    """The reconciler of one channel. A round that fails moves no cursor."""

    def __init__(self, rest: Rest, door: Door, lines: Lines, *, numbers: tuple[str, ...], heard: Heard) -> None:
        self._rest = rest
        self._door = door
        self._lines = lines
        self._numbers = numbers
        self._heard = heard
        self._step_ms = STEP_MS

    async def round(self) -> bool:
        """Look once; False: not to the present yet. Raises LetterboxClosed or EffectFailed; then nothing is skipped."""
        now_ms = self._door.now_ms()
        noted = await self._door.book.read(CURSOR)
        if noted is None:
            # What came before the first start is not ours to answer.
            await self._door.book.note(CURSOR, str(now_ms))
            return True
        since_ms = int(noted)
        until_ms = min(now_ms, since_ms + self._step_ms)
        try:
            for number in self._numbers:
                await self._inbound(number, since_ms - OVERLAP_MS, until_ms)
                await self._outbound(number, since_ms - OVERLAP_MS, until_ms)
        except TooMany:
            self._step_ms = max(STEP_MS_MIN, self._step_ms // 2)
            return False
        self._step_ms = STEP_MS
        await self._door.book.note(CURSOR, str(max(since_ms, until_ms)))
        return until_ms == now_ms

    async def _inbound(self, number: str, since_ms: int, until_ms: int) -> None:
        async for records in self._pages({"To": number}, since_ms, until_ms):
            signals: list[AnySignal] = []
            # The newest come first; what was said first is accepted first.
            for record in reversed(records):
                if record.get("direction") == "inbound":
                    signals += await self._signals(record)
            if signals:
                await self._door.accept(signals)

    async def _signals(self, record: Mapping[str, Any]) -> list[AnySignal]:
        try:
            said = said_of(record)
            media = await self._media(said.sid) if str(record.get("num_media") or "0") != "0" else ()
            return signals_of(msgspec.structs.replace(said, media=tuple(media)), self._lines)
        except (Unreadable, EffectFailed) as fault:
            if isinstance(fault, Unreadable):
                return []
            raise

    async def _media(self, sid: str) -> list[tuple[str, str]]:
        listed = await self._rest.get(f"Messages/{sid}/Media.json", {"PageSize": str(PAGE_SIZE)})
        found = [each for each in listed.get("media_list") or [] if isinstance(each, dict)]
        return [
            (f"{self._rest.root}/Messages/{sid}/Media/{each.get('sid')}", str(each.get("content_type") or ""))
            for each in found
        ]

    async def _outbound(self, number: str, since_ms: int, until_ms: int) -> None:
        async for records in self._pages({"From": number}, since_ms, until_ms):
            for record in records:
                await self._heard_of(record)

    async def _heard_of(self, record: Mapping[str, Any]) -> None:
        try:
            receipt = receipt_of(record, self._lines)
        except Unreadable:
            return
        if receipt is None or not self._heard.is_news(receipt):
            return
        # Another name than the callback's: that one may have come before its message was known, and was set aside.
        await self._door.accept([msgspec.structs.replace(receipt, dedupe=f"{receipt.dedupe}:listed")])
        self._heard.note(receipt)

    def _pages(self, query: dict[str, str], since_ms: int, until_ms: int) -> AsyncIterator[list[dict[str, Any]]]:
        bounds = {"DateSent>": iso(since_ms), "DateSent<": iso(until_ms + OVERLAP_MS)}
        return self._rest.pages("Messages.json", {**query, **bounds}, of="messages", pages_max=PAGES_MAX)

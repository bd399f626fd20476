"""Finds what no callback told: calls that ended and recordings. It lists, and a cursor in the book moves last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from channels.phone.asked import Hands
from channels.phone.endings import customer_ended, party_ended
from channels.phone.reading import CUSTOMER, ENDED, Unreadable, sid_in, voicemail
from channels.phone.wording import said
from channels.twilio import Rest, TooMany, iso

CURSOR = "calls"
# A call is listed a little after it ended, and the provider's clock is not ours.
OVERLAP_MS = 10 * 60_000
# After a long absence the past is worked off in such steps; a busy one is halved.
STEP_MS, STEP_MS_MIN = 6 * 3_600_000, 60_000
PAGES_MAX = 100
# Calls and recordings that were told in this life of the node; a second telling would be one letter more, no harm.
TOLD_MAX = 20_000
VOICEMAIL_SOURCE = "RecordVerb"


class Missed:
    """The reconciler of calls. A round that fails moves no cursor."""

    def __init__(self, rest: Rest, hands: Hands, *, numbers: tuple[str, ...]) -> None:
        self._rest = rest
        self._hands = hands
        self._door = hands.door
        self._book = hands.book
        self._numbers = numbers
        self._step_ms = STEP_MS
        self._told: OrderedDict[str, None] = OrderedDict()

    async def round(self) -> bool:
        """Look once; False: not to the present yet. Raises LetterboxClosed or EffectFailed; then nothing is skipped."""
        await self._owed()
        now_ms = self._door.now_ms()
        noted = await self._door.book.read(CURSOR)
        if noted is None:
            await self._door.book.note(CURSOR, str(now_ms))
            return True
        since_ms = int(noted)
        until_ms = min(now_ms, since_ms + self._step_ms)
        try:
            await self._calls(since_ms - OVERLAP_MS, until_ms + OVERLAP_MS)
            await self._recordings(since_ms - OVERLAP_MS, until_ms + OVERLAP_MS)
        except TooMany:
            self._step_ms = max(STEP_MS_MIN, self._step_ms // 2)
            return False
        self._step_ms = STEP_MS
        await self._door.book.note(CURSOR, str(max(since_ms, until_ms)))
        return until_ms == now_ms

    async def _owed(self) -> None:
        """End the legs of which the provider could not be told when they were to end."""
        for sid in await self._book.owed():
            await self._hands.talk.end(sid)
            await self._book.settle(sid)

    async def _calls(self, since_ms: int, until_ms: int) -> None:
        span = {"EndTime>": iso(since_ms), "EndTime<": iso(until_ms)}
        for number in self._numbers:
            for end in ("To", "From"):
                query = {end: number, **span}
                async for records in self._rest.pages("Calls.json", query, of="calls", pages_max=PAGES_MAX):
                    for record in records:
                        await self._ended(record)

    async def _ended(self, record: Mapping[str, Any]) -> None:
        """Somebody who hung up, whoever did not tell us. A caller who asked to be called back has not gone."""
        sid, status = _sid(record.get("sid")), str(record.get("status"))
        if not sid or sid in self._told or status not in ENDED:
            return
        line, party = (sid, CUSTOMER) if record.get("direction") == "inbound" else await self._book.of_leg(sid)
        if line and party == CUSTOMER:
            if (await self._book.of(line)).customer == sid:
                await customer_ended(self._hands, line, sid, status)
        elif line:
            why = "hung_up" if status == "completed" else status
            await party_ended(self._hands, line, party, sid, why=why)
        self._tell(sid)

    async def _recordings(self, since_ms: int, until_ms: int) -> None:
        query = {"DateCreated>": iso(since_ms), "DateCreated<": iso(until_ms)}
        async for records in self._rest.pages("Recordings.json", query, of="recordings", pages_max=PAGES_MAX):
            for record in records:
                await self._recorded(record)

    async def _recorded(self, record: Mapping[str, Any]) -> None:
        sid, call = _sid(record.get("sid")), _sid(record.get("call_sid"))
        whole = record.get("status") == "completed" and record.get("source") == VOICEMAIL_SOURCE
        if not (sid and call and whole) or sid in self._told:
            return
        # An account may have other numbers, with recordings that are none of ours.
        if (await self._rest.get(f"Calls/{call}.json")).get("to") in self._numbers:
            seconds = str(record.get("duration") or "")[:6]
            text = said("voicemail-written", self._hands.manners.language, self._door.text, seconds=seconds)
            await self._door.accept([voicemail(call, sid, f"{self._rest.root}/Recordings/{sid}", text)])
        self._tell(sid)

    def _tell(self, sid: str) -> None:
        self._told[sid] = None
        if len(self._told) > TOLD_MAX:
            self._told.popitem(last=False)


def _sid(value: object) -> str:
    try:
        return sid_in(value) if isinstance(value, str) else ""
    except Unreadable:
        return ""

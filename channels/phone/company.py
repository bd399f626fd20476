"""Who takes part in a talk besides customer and owner: consulted, listening, whispering, barging in, from outside.

Each has one leg in the line's conference, and a role that says who hears it. Only deeds at the provider live here.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import msgspec

from channels.contract import Connect, LineRef, TryLater, Undeliverable
from channels.phone.legs import LegBook, Legs, Side
from channels.phone.reading import is_number, is_outside
from channels.phone.talk import UNHELD, Talk

LISTEN, WHISPER, OUTSIDE = "listen", "whisper", "outside"
# How each part is changed while it goes on. A coach is heard by one leg only; https://www.twilio.com/docs/voice/api
SPOKEN = (("Muted", "false"), ("Coaching", "false"))
MUTED = (("Muted", "true"), ("Coaching", "false"))


def modes(role: str, legs: Legs) -> dict[str, str]:
    """Return who hears a role: nobody, the owner alone, or everybody. Without an owner to hear it, nobody does."""
    if role == WHISPER and legs.joined:
        return {"coach": legs.joined}
    return {"muted": "true"} if role in {LISTEN, WHISPER} else {}


def _form(mode: Mapping[str, str]) -> list[tuple[str, str]]:
    coach = mode.get("coach", "")
    if coach:
        return [("Muted", "false"), ("Coaching", "true"), ("CallSidToCoach", coach)]
    return list(MUTED if mode else SPOKEN)


class Company:
    """The deeds of one account's participants."""

    def __init__(self, talk: Talk, book: LegBook) -> None:
        self._talk = talk
        self._book = book

    async def connect(self, effect: Connect, at_ms: int) -> str:
        """Ring somebody who is to take part, or change how they do."""
        line, party = effect.line.key, effect.party
        legs = await self._book.of(line)
        if not await self._talk.is_alive(legs.customer):
            raise Undeliverable("call_over")
        known = legs.sides.get(party)
        if known is not None and known.sid and await self._talk.is_alive(known.sid):
            await self._book.put_side(line, party, msgspec.structs.replace(known, role=effect.role))
            if known.joined:
                await self._change(line, known.sid, modes(effect.role, legs))
            return known.sid
        target = self._target(effect)
        if effect.role != OUTSIDE:
            await self._talk.free(target, line)
        await self._book.note_try(effect.key, line)
        side = Side(role=effect.role, key=effect.key, tried_ms=at_ms, target=target)
        await self._book.put_side(line, party, side)
        if effect.role != OUTSIDE:
            await self._book.note_at(target, line, "")
        more = {"confirm": "1"} if effect.confirm else {}
        sid = await self._talk.ring(effect, target, page="side", told="side-status", **more)
        await self.has_side(line, party, key=effect.key, sid=sid)
        return sid

    async def has_side(self, line: str, party: str, *, key: str, sid: str) -> None:
        """A leg rings for the connection that was tried last."""
        legs = await self._book.of(line)
        side = legs.sides.get(party)
        if side is None or side.key != key or legs.gone:
            await self._talk.end_all(sid)  # Let go while it was being called.
            return
        await self._book.put_side(line, party, msgspec.structs.replace(side, sid=sid))
        await self._book.note_leg(sid, line, party)
        if side.role != OUTSIDE:
            await self._book.note_at(side.target, line, sid)

    async def _change(self, line: str, sid: str, mode: Mapping[str, str]) -> None:
        """Change a part; one that is on its way into the talk is changed a little later."""
        try:
            await self._talk.to_part(line, sid, _form(mode))
        except Undeliverable as missing:
            raise TryLater(missing.reason) from None

    def _target(self, effect: Connect) -> str:
        if effect.role != OUTSIDE:
            return self._talk.target_of(effect.address)
        if not is_number(effect.address):
            raise Undeliverable("number_unusable")
        return effect.address

    async def let_go(self, line: LineRef, party: str) -> None:
        """End one party's leg; everybody else goes on."""
        legs = await self._book.of(line.key)
        if party == legs.party:
            await self._talk.end(legs.agent)
            await self._book.change(line.key, joined="", agent="", party="")
            return
        side = legs.sides.get(party)
        if side is not None:
            await self._talk.end(side.sid)
            await self._book.drop_side(line.key, party, leg=side.sid)

    async def adopt(self, effect: Connect) -> str:
        """Make who takes part already the owner, and let all other participants go. Empty where they do not.

        It may be done twice: whoever is its owner stays that. Whose leg still rings is not rung a second time: it is
        the owner's when it is answered.
        """
        line, legs = effect.line.key, await self._book.of(effect.line.key)
        side = legs.sides.get(effect.party)
        sid = side.sid if side is not None else legs.joined if legs.party == effect.party else ""
        if not sid or not await self._talk.is_alive(sid):
            return ""
        others = [each.sid for party, each in legs.sides.items() if party != effect.party]
        for other in (*others, "" if legs.agent == sid else legs.agent):
            await self._talk.end(other)
        owner = {"party": effect.party, "agent": sid, "sides": {}, "handed": False}
        if side is not None and not side.joined:
            tried = {"key": side.key, "tried_ms": side.tried_ms, "target": side.target}
            await self._book.change(line, joined="", **owner, **tried)
            return sid
        await self._book.change(line, joined=sid, **owner)
        for each, form in ((sid, SPOKEN), (legs.customer, UNHELD)):
            with suppress(Undeliverable):
                await self._talk.to_part(line, each, list(form))
        return sid

    async def hand_out(self, line: LineRef) -> None:
        """The agent leaves, and the customer stays with the outside party, or hears music until it has come."""
        legs = await self._book.change(line.key, handed=True)
        if legs.talking:
            there = any(each.joined for each in legs.sides.values() if each.role == OUTSIDE)
            with suppress(Undeliverable):
                await self._talk.hold(line, on=not there)
        await self._talk.end(legs.agent)
        await self._book.change(line.key, joined="", agent="", party="")

    async def release(self, line: LineRef) -> None:
        """It is no more ours: the talk ends with whoever of the two leaves first."""
        legs = await self._book.of(line.key)
        for side in legs.sides.values():
            if side.role == OUTSIDE and side.joined:
                await self._talk.to_part(line.key, side.sid, [("EndConferenceOnExit", "true")])

    async def has_come(self, line: str, party: str) -> None:
        """Somebody is in the talk now. An outside party who was waited for takes the customer out of the music."""
        legs = await self._book.of(line)
        if legs.handed and is_outside(party):
            await self._talk.to_customer(line, list(UNHELD))
        if party == legs.party:
            await self._point(line, legs)

    async def _point(self, line: str, legs: Legs) -> None:
        """Who whispers is heard by the owner who has just come."""
        for side in legs.sides.values():
            if side.role == WHISPER and side.joined:
                await self._talk.to_part(line, side.sid, _form(modes(side.role, legs)))

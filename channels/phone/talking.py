"""The pages of a talk: a leg of ours or of an outside party is answered, comes in, goes. Callers' pages: `webhooks`."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from channels.contract import EffectFailed, PartyLeft, Undeliverable
from channels.phone import documents as doc
from channels.phone import reading
from channels.phone.asked import Answer, Asked, Hands
from channels.phone.company import modes
from channels.phone.endings import party_ended
from channels.phone.legs import CALL_BACK, Legs
from channels.phone.reading import CUSTOMER, label_of

# Pages for agents and outside parties, or that say nothing at all: no caller's language has to be known.
FOR_AGENTS = frozenset(
    {"agent", "accepted", "side", "side-accepted", "no-answer", "agent-status", "side-status", "talk"}
)
BROWSER = "client:"


class Talking:
    """The handlers."""

    def __init__(self, hands: Hands) -> None:
        self._hands, self._talk, self._book = hands, hands.talk, hands.book

    def answers(self) -> Mapping[str, Answer]:
        """Return one answer per page."""
        return {
            "join": self._join,
            "music": self._music,
            "agent": self._agent,
            "accepted": self._accepted,
            "side": self._side,
            "side-accepted": self._side_accepted,
            "called": self._called,
            "reached": self._reached,
            "agent-status": self._ended,
            "side-status": self._ended,
            "no-answer": self._no_answer,
            "talk": self._conference,
            "notice": self._notice,
        }

    async def _join(self, asked: Asked) -> str:
        legs = await self._book.of(asked.line)
        if not legs.awaited:
            return await self._nobody_there(asked, legs)
        leg = reading.sid_in(asked.fields.get("CallSid", ""))
        if legs.kept == CALL_BACK:
            # They have answered before the provider told us which leg it made.
            await self._book.note_leg(leg, asked.line, CUSTOMER)
        await self._book.comes_in(asked.line, leg)
        return doc.talk(self._talk.pages(asked.line, asked.language), label=CUSTOMER, record=legs.recorded)

    async def _nobody_there(self, asked: Asked, legs: Legs) -> str:
        """Whoever they were to talk to has gone meanwhile: the customer waits in our line, and need not be called."""
        leg = reading.sid_in(asked.fields.get("CallSid", ""))
        if legs.kept == CALL_BACK:
            await self._hands.accept(reading.reached(asked.line, leg))
            await self._talk.is_called_back(asked.line, leg)
        await self._book.change(asked.line, talking=False)
        return doc.enqueue(*self._hands.said(asked), greet=False)

    async def _music(self, asked: Asked) -> str:
        return doc.music(*self._hands.said(asked))

    # --- an agent who is to own it ------------------------------------------------------------------------------

    async def _agent(self, asked: Asked) -> str:
        """An agent's leg is answered. A browser is a person; a telephone may be a machine and has to press a key."""
        party = reading.party_in(asked.query.get("party", ""))
        if asked.fields.get("To", "").startswith(BROWSER):
            return await self._bring_together(asked, party)
        speech, pages = self._hands.said(asked)
        return doc.press_to_accept(speech, pages.url("accepted", party=label_of(party)))

    async def _accepted(self, asked: Asked) -> str:
        party = reading.party_in(asked.query.get("party", ""))
        if asked.digits != "1":
            return doc.nothing()
        return await self._bring_together(asked, party)

    async def _bring_together(self, asked: Asked, party: str) -> str:
        legs = await self._book.of(asked.line)
        leg = reading.sid_in(asked.fields.get("CallSid", ""))
        if legs.party != party:
            # Somebody else has it by now: a leg of an earlier offer that answered late.
            return doc.farewell(self._hands.speech(""), "caller-gone")
        calls_back = legs.kept == CALL_BACK
        await self._book.change(asked.line, joined=leg, agent=leg)
        try:
            if calls_back:
                await self._talk.call_customer(asked.line, leg, self._hands.door.now_ms())
            else:
                await self._talk.fetch_customer(asked.line)
        except Undeliverable as failed:
            told = reading.unreached if calls_back else reading.left
            await self._hands.accept(told(asked.line, leg if calls_back else legs.customer, failed.reason))
            return doc.farewell(self._hands.speech(""), "no-answer" if calls_back else "caller-gone")
        except EffectFailed:
            # The provider did not answer us. A customer may ring by now, and it asks us again for what becomes of the
            # agent; a caller's next turn on the hold line brings them here.
            if calls_back:
                raise
        return doc.talk(self._talk.pages(asked.line), label=label_of(party), record=legs.recorded)

    # --- who takes part besides -----------------------------------------------------------------------------------

    async def _side(self, asked: Asked) -> str:
        """A participant's leg is answered. Colleagues press a key on a telephone, outside parties where it is asked."""
        party = reading.party_in(asked.query.get("party", ""))
        browser = asked.fields.get("To", "").startswith(BROWSER)
        asks = bool(asked.query.get("confirm")) if reading.is_outside(party) else not browser
        if not asks:
            return await self._take_part(asked, party)
        speech, pages = self._hands.said(asked)
        return doc.press_to_accept(speech, pages.url("side-accepted", party=label_of(party)))

    async def _side_accepted(self, asked: Asked) -> str:
        party = reading.party_in(asked.query.get("party", ""))
        return await self._take_part(asked, party) if asked.digits == "1" else doc.nothing()

    async def _take_part(self, asked: Asked, party: str) -> str:
        leg = reading.sid_in(asked.fields.get("CallSid", ""))
        legs = await self._book.of(asked.line)
        side = legs.sides.get(party)
        if side is None and (legs.party, legs.agent) == (party, leg):
            return await self._bring_together(asked, party)  # It became theirs while it rang.
        if side is None or side.sid not in {"", leg} or not await self._talk.is_alive(legs.customer):
            return doc.farewell(self._hands.speech(""), "caller-gone")
        legs = await self._book.put_side(asked.line, party, msgspec.structs.replace(side, sid=leg, joined=True))
        if legs.handed and not legs.talking:
            try:
                await self._talk.fetch_customer(asked.line)
            except Undeliverable:
                return doc.farewell(self._hands.speech(""), "caller-gone")
            except EffectFailed:
                # The caller's next turn on the hold line brings them here.
                legs = await self._book.of(asked.line)
        mode = modes(side.role, legs)
        pages = self._talk.pages(asked.line)
        # Who is none of ours hears that they are recorded before they say a word.
        speech = self._hands.speech("") if reading.is_outside(party) else None
        return doc.talk(
            pages,
            label=label_of(party),
            muted="muted" in mode,
            coach=mode.get("coach", ""),
            record=legs.recorded,
            speech=speech,
        )

    # --- a customer who is called before an agent ------------------------------------------------------------------

    async def _called(self, asked: Asked) -> str:
        """Somebody has answered at the customer's: a person presses a key, a machine does not."""
        speech, pages = self._hands.said(asked)
        return doc.press_to_accept(speech, pages.url("reached"), said="called-back")

    async def _reached(self, asked: Asked) -> str:
        leg = reading.sid_in(asked.fields.get("CallSid", ""))
        legs = await self._book.of(asked.line)
        # The provider may be faster than its own answer to us: then nobody has noted yet whose leg this is.
        theirs = legs.customer == leg or not (await self._book.of_leg(leg))[0]
        if asked.digits != "1" or not theirs:
            return doc.nothing()
        # From here on it is a call like any other: its end ends the conversation, and what was decided of the earlier
        # one (kept for later, told to leave a message) is not said of this.
        items = await self._hands.items(asked)
        since = max((item.seq for item in items), default=0)
        await self._hands.accept(reading.reached(asked.line, leg))
        await self._book.change(asked.line, kept="", customer=leg, since=since, heard=since)
        speech, pages = self._hands.said(asked)
        return doc.enqueue(speech, pages, greet=False)

    # --- who comes and goes ------------------------------------------------------------------------------------------

    async def _ended(self, asked: Asked) -> str:
        """A leg of an agent or an outside party has ended, in the talk or before it."""
        party = reading.party_in(asked.query.get("party", ""))
        call = reading.call_in(asked.fields)
        if call.ended:
            legs = await self._book.of(asked.line)
            joined = legs.joined == call.sid or any(s.joined and s.sid == call.sid for s in legs.sides.values())
            why = call.status if call.status != "completed" else "hung_up" if joined else "not_accepted"
            await party_ended(self._hands, asked.line, party, call.sid, why=why)
        return doc.nothing()

    async def _no_answer(self, asked: Asked) -> str:
        return doc.farewell(self._hands.speech(asked.language), "no-answer")

    async def _conference(self, asked: Asked) -> str:
        """Who comes is told; who goes only while they take part, because a leg that was let go goes, too."""
        signal = reading.conference_signal(asked.fields, asked.line)
        if isinstance(signal, PartyLeft):
            leg = reading.sid_in(asked.fields.get("CallSid", ""))
            await party_ended(self._hands, asked.line, signal.party, leg, why=signal.why)
        elif signal is not None:
            await self._hands.accept(signal)
            try:
                await self._hands.company.has_come(asked.line, signal.party)
            except Undeliverable:
                return doc.nothing()
        return doc.nothing()

    async def _notice(self, asked: Asked) -> str:
        """What is announced into a talk."""
        speech, _ = self._hands.said(asked)
        return doc.notice(speech, self._hands.door.text(asked.query.get("notice", ""), speech.language))

"""What the provider asks on a call: each answer is a document, made from what is at hand, and waits for no decision."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

import msgspec
from aiohttp import web

from channels.contract import AnySignal, Door, EffectFailed, LetterboxClosed, LineItem, Route, Undeliverable
from channels.phone import documents as doc
from channels.phone import reading
from channels.phone.documents import Pages, Speech
from channels.phone.legs import CALL_BACK, VOICEMAIL, LegBook
from channels.phone.reading import CUSTOMER, Unreadable
from channels.phone.talk import Talk
from channels.phone.wording import said
from channels.twilio import Account, read_webhook

BODY_BYTES_MAX = 64 * 1024
# What happened on a line is read up to here: a conversation on one call has few steps.
ITEMS_MAX = 500
# While the letterbox is closed a caller is asked to wait so often, so long each time; then told to call again.
AGAIN_MAX, AGAIN_S = 12, 5
# How a queue lets a caller go. What is not here has been settled elsewhere.
LEFT_BY_US, GONE_BY_ITSELF = "leave", frozenset({"hangup", "system-error"})
FULL = frozenset({"queue-full", "error"})
# The provider asks these for a caller on the hold line, and these for one who left it by our document.
TURNS, STEPS = frozenset({"wait", "key"}), frozenset({"again", "call-back"})
# These are for agents, or for a caller of whom nothing is known yet, or say nothing at all.
NEUTRAL = frozenset({"voice", "agent", "accepted", "no-answer", "agent-status", "talk", "status"})
Fields = dict[str, str]
Answer = Callable[["Asked"], Awaitable[str]]


class MenuKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a key of the greeting's menu means: a language, and facts for the rules."""

    language: str = ""
    facts: dict[str, str] = {}


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """How calls are answered, from the settings."""

    language: str = "en"
    languages: dict[str, str] = {}
    menu: dict[str, MenuKey] = {}
    menu_text: str = ""
    voices: dict[str, str] = {}
    music: str = ""
    keys: bool = True
    voicemail_on: tuple[str, ...] = ()


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One webhook, read."""

    fields: Fields
    query: Mapping[str, str]
    line: str
    language: str

    @property
    def digits(self) -> str:
        """What was pressed."""
        return self.fields.get("Digits", "")[:32]


class Webhooks:
    """The pages that the provider asks for."""

    def __init__(self, door: Door, account: Account, manners: Manners, *, talk: Talk, book: LegBook) -> None:
        self._door = door
        self._account = account
        self._manners = manners
        self._talk = talk
        self._book = book
        self._answers: dict[str, Answer] = {
            "voice": self._voice,
            "wait": self._wait,
            "key": self._key,
            "exit": self._exit,
            "again": self._again,
            "call-back": self._call_back,
            "recorded": self._recorded,
            "recording": self._recording,
            "status": self._status,
            "join": self._join,
            "music": self._music,
            "agent": self._agent,
            "accepted": self._accepted,
            "agent-status": self._agent_status,
            "no-answer": self._no_answer,
            "talk": self._conference,
            "notice": self._notice,
        }

    def routes(self) -> Sequence[Route]:
        """One page per question."""
        return tuple(
            Route(method="POST", path=f"/{name}", handler=self._handler(name, answer), body_bytes_max=BODY_BYTES_MAX)
            for name, answer in self._answers.items()
        )

    def _handler(self, name: str, answer: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            fields = await read_webhook(request, self._door, self._account)
            try:
                line = reading.sid_in(request.query.get("line") or fields.get("CallSid", ""))
                language = request.query.get("lang", "")[:20]
                if not language and name not in NEUTRAL:
                    # A page that an effect asked for: the call remembers what its caller speaks.
                    language = (await self._book.of(line)).language
                text = await answer(Asked(fields=fields, query=request.query, line=line, language=language))
            except Unreadable:
                return web.Response(status=400, text="not a call")
            except LetterboxClosed:
                return self._patient(name, line, language)
            return web.Response(text=text, content_type="text/xml")

        return handle

    def _patient(self, name: str, line: str, language: str) -> web.Response:
        """Nothing can be read or kept now. A caller on the line must not be dropped for it: they wait on."""
        speech, pages = self._speech(language), self._talk.pages(line, language)
        if name in TURNS:
            text = doc.hold(speech, pages, place=0, keys=False)
        elif name in STEPS:
            text = doc.one_moment(speech, pages.url("again"), pause_s=AGAIN_S)
        else:
            return web.Response(status=503, text="come again")
        return web.Response(text=text, content_type="text/xml")

    def _speech(self, language: str) -> Speech:
        manners = self._manners
        return Speech(
            language=language or manners.language, texts=self._door.text, voices=manners.voices, music=manners.music
        )

    def _said(self, asked: Asked) -> tuple[Speech, Pages]:
        return self._speech(asked.language), self._talk.pages(asked.line, asked.language)

    async def _accept(self, *signals: AnySignal | None) -> None:
        there = [signal for signal in signals if signal is not None]
        if there:
            await self._door.accept(there)

    # --- a call comes in --------------------------------------------------------------------------------------

    async def _voice(self, asked: Asked) -> str:
        call = reading.call_in(asked.fields)
        if not call.inbound or call.by_agent:
            return doc.refused()
        language = asked.language or self._language_of(call.theirs)
        pages, speech = self._talk.pages(call.sid, language), self._speech(language)
        if self._manners.menu and "menu" not in asked.query:
            return doc.menu(speech, pages, self._door.text(self._manners.menu_text, language))
        pressed = asked.digits or asked.query.get("key", "")
        key = self._manners.menu.get(pressed, MenuKey())
        language = key.language or language
        pages, speech = self._talk.pages(call.sid, language), self._speech(language)
        try:
            if language != self._manners.language:
                await self._book.change(call.sid, language=language)
            await self._accept(reading.opened(call, language=language, facts=key.facts))
        except LetterboxClosed:
            return self._later(asked, speech, pages, pressed)
        return doc.enqueue(speech, pages, greet=True)

    def _later(self, asked: Asked, speech: Speech, pages: Pages, pressed: str) -> str:
        """The letterbox is closed: the caller holds on for a minute, and is told the truth after it."""
        text = asked.query.get("try", "0")
        tries = int(text) if text.isdigit() and len(text) < 4 else AGAIN_MAX
        if tries >= AGAIN_MAX:
            return doc.farewell(speech, "sorry")
        again = pages.url("voice", menu="1", key=pressed, **{"try": str(tries + 1)})
        return doc.one_moment(speech, again, pause_s=AGAIN_S)

    def _language_of(self, number: str) -> str:
        """Return the language of a number's country, by the longest prefix that is configured."""
        fits = [prefix for prefix in self._manners.languages if number.startswith(prefix)]
        return self._manners.languages[max(fits, key=len)] if fits else self._manners.language

    # --- waiting ----------------------------------------------------------------------------------------------

    async def _items(self, asked: Asked) -> list[LineItem]:
        return await self._door.line_items(reading.line_of(asked.line), after=0, limit=ITEMS_MAX)

    async def _wait(self, asked: Asked) -> str:
        """The next turn: what has been decided is heard now, if no effect came before."""
        speech, pages = self._said(asked)
        items, legs = await self._items(asked), await self._book.of(asked.line)
        where = reading.place_of(items, self._manners.voicemail_on)
        notice = reading.newest_notice(items, legs.heard)
        if notice is not None:
            await self._book.change(asked.line, heard=notice.seq)
        text = notice.text if notice else ""
        if where in {reading.VOICEMAIL, reading.OVER} or legs.joined:
            return doc.leave(speech, text)
        standing = await self._door.standing(reading.line_of(asked.line))
        keys = self._manners.keys and where == reading.WAITING
        minutes = standing.minutes
        return doc.hold(speech, pages, place=standing.place, keys=keys, notice=text, minutes=minutes)

    async def _key(self, asked: Asked) -> str:
        """A key in the hold line: noted, and acted upon at its exit."""
        speech, pages = self._said(asked)
        if not self._manners.keys or asked.digits not in {"1", "2"}:
            return doc.hold(speech, pages, place=0, keys=self._manners.keys)
        asked_for = CALL_BACK if asked.digits == "1" else VOICEMAIL
        await self._book.change(asked.line, asked=asked_for)
        return doc.leave(speech)

    async def _exit(self, asked: Asked) -> str:
        """The caller is out of the hold line: by our document, by our call, or gone."""
        result = asked.fields.get("QueueResult", "")
        if result in GONE_BY_ITSELF:
            await self._left(asked.line, "hung_up")
            return doc.nothing()
        if result in FULL:
            return await self._voicemail(asked)
        if result != LEFT_BY_US:
            return doc.nothing()
        speech, pages = self._said(asked)
        try:
            return await self._next_step(asked, speech, pages)
        except LetterboxClosed:
            return doc.one_moment(speech, pages.url("again"), pause_s=AGAIN_S)

    async def _next_step(self, asked: Asked, speech: Speech, pages: Pages) -> str:
        where = reading.place_of(await self._items(asked), self._manners.voicemail_on)
        legs = await self._book.of(asked.line)
        if legs.joined:
            return doc.talk(pages, label=CUSTOMER)
        if where == reading.OVER:
            return doc.farewell(speech, "good-bye")
        if where == reading.VOICEMAIL or legs.asked == VOICEMAIL:
            return await self._voicemail(asked)
        if legs.asked == CALL_BACK:
            hidden = not reading.is_number(asked.fields.get("From", ""))
            return doc.ask_call_back(speech, pages, hidden=hidden)
        return doc.enqueue(speech, pages, greet=False)

    async def _again(self, asked: Asked) -> str:
        """Back to the hold line, with nothing asked for."""
        await self._book.change(asked.line, asked="")
        speech, pages = self._said(asked)
        return doc.enqueue(speech, pages, greet=False)

    async def _call_back(self, asked: Asked) -> str:
        """A yes, or a number: from now on a hang-up ends nothing, and the place is kept."""
        number = reading.typed_number(asked.digits) if len(asked.digits) > 1 else ""
        known = reading.is_number(asked.fields.get("From", ""))
        if not (number or (known and asked.digits == "1")):
            return await self._again(asked)
        await self._book.change(asked.line, kept=CALL_BACK, number=number)
        await self._accept(reading.call_back_asked(asked.line))
        return doc.farewell(self._speech(asked.language), "call-back-kept")

    async def _voicemail(self, asked: Asked) -> str:
        speech, pages = self._said(asked)
        return doc.voicemail(speech, pages)

    async def _recorded(self, asked: Asked) -> str:
        """Something was said: the recording comes by its own callback, and the conversation outlives the call."""
        await self._book.change(asked.line, kept=VOICEMAIL)
        return doc.farewell(self._speech(asked.language), "voicemail-kept")

    async def _recording(self, asked: Asked) -> str:
        seconds = asked.fields.get("RecordingDuration", "")[:6]
        language = asked.language or self._manners.language
        text = said("voicemail-written", language, self._door.text, seconds=seconds)
        await self._accept(reading.voicemail_in(asked.fields, asked.line, text))
        return doc.nothing()

    # --- the end of a call ------------------------------------------------------------------------------------

    async def _status(self, asked: Asked) -> str:
        """A customer's leg has ended, before, while or after anything else."""
        call = reading.call_in(asked.fields)
        legs = await self._book.of(asked.line)
        first = call.sid == asked.line
        if not call.ended or call.by_agent or (first and legs.customer != asked.line):
            # Where a call-back was made, the call that asked for it has ended long ago.
            return doc.nothing()
        if not first and call.status != "completed":
            # A call-back in vain: the router says when it is tried again.
            await self._accept(reading.unreached(asked.line, call.sid, call.status))
            await self._talk.tell_agent(asked.line, "no-answer")
            await self._book.change(asked.line, kept=CALL_BACK)
            return doc.nothing()
        await self._left(asked.line, "hung_up" if call.status == "completed" else call.status)
        return doc.nothing()

    async def _left(self, line: str, why: str) -> None:
        """The customer has gone, once, whoever tells it; an agent who still rings for them rings no longer."""
        legs = await self._book.of(line)
        if legs.kept:
            return
        await self._accept(reading.left(line, why))
        if legs.agent and not legs.joined:
            with suppress(EffectFailed):
                await self._talk.end(legs.agent)

    # --- talking ----------------------------------------------------------------------------------------------

    async def _join(self, asked: Asked) -> str:
        return doc.talk(self._talk.pages(asked.line, asked.language), label=CUSTOMER)

    async def _music(self, asked: Asked) -> str:
        return doc.music(*self._said(asked))

    async def _agent(self, asked: Asked) -> str:
        """An agent's leg is answered. A browser is a person; a telephone may be a machine and has to press a key."""
        party = reading.party_in(asked.query.get("party", ""))
        if asked.fields.get("To", "").startswith("client:"):
            return await self._bring_together(asked, party)
        speech, pages = self._said(asked)
        return doc.press_to_accept(speech, pages, label=party.replace(":", "_"))

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
            return doc.farewell(self._speech(""), "caller-gone")
        calls_back = legs.kept == CALL_BACK
        await self._book.change(asked.line, joined=leg, agent=leg)
        meet = self._talk.call_customer if calls_back else self._talk.fetch_customer
        try:
            await meet(asked.line)
        except EffectFailed as failed:
            if calls_back or isinstance(failed, Undeliverable):
                await self._accept(reading.left(asked.line, failed.reason))
                return doc.farewell(self._speech(""), "no-answer" if calls_back else "caller-gone")
            # The provider did not answer us: the caller's next turn on the hold line brings them here.
        return doc.talk(self._talk.pages(asked.line), label=party.replace(":", "_"))

    async def _agent_status(self, asked: Asked) -> str:
        """An agent's leg has ended; one that never joined the talk is told of here, the others by the talk."""
        party = reading.party_in(asked.query.get("party", ""))
        call = reading.call_in(asked.fields)
        legs = await self._book.of(asked.line)
        its_own = legs.party == party and legs.agent in {"", call.sid}
        if call.ended and its_own and legs.joined != call.sid:
            why = "not_accepted" if call.status == "completed" else call.status
            await self._accept(reading.agent_left(asked.line, party, call.sid, why))
        return doc.nothing()

    async def _no_answer(self, asked: Asked) -> str:
        return doc.farewell(self._speech(asked.language), "no-answer")

    async def _conference(self, asked: Asked) -> str:
        await self._accept(reading.conference_signal(asked.fields, asked.line))
        return doc.nothing()

    async def _notice(self, asked: Asked) -> str:
        """What is announced into a talk."""
        speech, _ = self._said(asked)
        return doc.notice(speech, self._door.text(asked.query.get("notice", ""), speech.language))

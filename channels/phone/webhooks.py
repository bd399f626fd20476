"""What the provider asks on a call: each answer is a document, made from what is at hand, and waits for no decision."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from channels.contract import EffectFailed, LetterboxClosed, Route
from channels.phone import documents as doc
from channels.phone import reading
from channels.phone.asked import AGREED, TOLD, Answer, Asked, Hands, MenuKey
from channels.phone.documents import Pages, Speech
from channels.phone.endings import customer_ended, customer_left
from channels.phone.legs import CALL_BACK, VOICEMAIL
from channels.phone.reading import CUSTOMER, Unreadable
from channels.phone.talking import FOR_AGENTS, Talking
from channels.phone.wording import said
from channels.twilio import Account, read_webhook
from router.core.facts import RECORDED

BODY_BYTES_MAX = 64 * 1024
# Whether a caller was asked for a recording, and what they said, as our own addresses carry it.
ASKED, YES, NO = "asked", "yes", "no"
# While the letterbox is closed a caller is asked to wait so often, so long each time; then told to call again.
AGAIN_MAX, AGAIN_S = 12, 5
# How a queue lets a caller go. What is not here has been settled elsewhere.
LEFT_BY_US, GONE_BY_ITSELF = "leave", frozenset({"hangup", "system-error"})
FULL = frozenset({"queue-full", "error"})
# The provider asks these for a caller on the hold line, and these for one who left it by our document.
TURNS, STEPS = frozenset({"wait", "key"}), frozenset({"again", "call-back"})
# These are for agents, or for a caller of whom nothing is known yet, or say nothing at all.
NEUTRAL = frozenset({"voice", "status", *FOR_AGENTS})


class Webhooks:
    """The pages that the provider asks for."""

    def __init__(self, hands: Hands, account: Account) -> None:
        self._hands = hands
        self._door = hands.door
        self._account = account
        self._manners = hands.manners
        self._talk = hands.talk
        self._book = hands.book
        self._answers: dict[str, Answer] = {
            "voice": self._voice,
            "wait": self._wait,
            "key": self._key,
            "exit": self._exit,
            "again": self._again,
            "call-back": self._call_back,
            "recorded": self._recorded,
            "recording": self._recording,
            "talk-recorded": self._talk_recorded,
            "status": self._status,
            **Talking(hands).answers(),
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
            except EffectFailed:
                # What we asked of the provider did not happen: it tells us again, and we try again.
                return web.Response(status=503, text="come again")
            return web.Response(text=text, content_type="text/xml")

        return handle

    def _patient(self, name: str, line: str, language: str) -> web.Response:
        """Nothing can be read or kept now. A caller on the line must not be dropped for it: they wait on."""
        speech, pages = self._hands.speech(language), self._talk.pages(line, language)
        if name in TURNS:
            text = doc.hold(speech, pages, place=0, keys=False)
        elif name in STEPS:
            text = doc.one_moment(speech, pages.url("again"), pause_s=AGAIN_S)
        else:
            return web.Response(status=503, text="come again")
        return web.Response(text=text, content_type="text/xml")

    # --- a call comes in --------------------------------------------------------------------------------------

    async def _voice(self, asked: Asked) -> str:
        call = reading.call_in(asked.fields)
        if not call.inbound or call.by_agent:
            return doc.refused()
        language = asked.language or self._language_of(call.theirs)
        caller = reading.opened(call, language=language, facts={})
        if await self._door.refuses(caller.line, caller.identities):
            # A blocked caller hears the busy tone, and costs nobody anything.
            return doc.refused()
        pages, speech = self._talk.pages(call.sid, language), self._hands.speech(language)
        if self._manners.menu and "menu" not in asked.query:
            return doc.menu(speech, pages, self._door.text(self._manners.menu_text, language))
        consent = asked.query.get("consent", "")
        pressed = asked.query.get("key", "") if consent else asked.digits or asked.query.get("key", "")
        key = self._manners.menu.get(pressed, MenuKey())
        language = key.language or language
        pages, speech = self._talk.pages(call.sid, language), self._hands.speech(language)
        if self._manners.record == AGREED and not consent:
            return doc.ask_consent(speech, pages.url("voice", menu="1", key=pressed, consent=ASKED))
        yes = consent == YES or (consent == ASKED and asked.digits == "1")
        told = self._manners.record == TOLD
        try:
            if yes or told:
                await self._book.change(call.sid, recorded=True)
            if language != self._manners.language:
                await self._book.change(call.sid, language=language)
            recorded = {RECORDED: self._manners.record} if yes or told else {}
            await self._hands.accept(reading.opened(call, language=language, facts={**key.facts, **recorded}))
        except LetterboxClosed:
            return self._later(asked, speech, pages, {"key": pressed, "consent": YES if yes else consent and NO})
        return doc.enqueue(speech, pages, greet=True, told=told)

    def _later(self, asked: Asked, speech: Speech, pages: Pages, said: dict[str, str]) -> str:
        """The letterbox is closed: the caller holds on for a minute, and is told the truth after it."""
        text = asked.query.get("try", "0")
        tries = int(text) if text.isdigit() and len(text) < 4 else AGAIN_MAX
        if tries >= AGAIN_MAX:
            return doc.farewell(speech, "sorry")
        again = pages.url("voice", menu="1", **said, **{"try": str(tries + 1)})
        return doc.one_moment(speech, again, pause_s=AGAIN_S)

    def _language_of(self, number: str) -> str:
        """Return the language of a number's country, by the longest prefix that is configured."""
        fits = [prefix for prefix in self._manners.languages if number.startswith(prefix)]
        return self._manners.languages[max(fits, key=len)] if fits else self._manners.language

    # --- waiting ----------------------------------------------------------------------------------------------

    async def _wait(self, asked: Asked) -> str:
        """The next turn: what has been decided is heard now, if no effect came before."""
        speech, pages = self._hands.said(asked)
        items, legs = await self._hands.items(asked), await self._book.of(asked.line)
        where = reading.place_of(items, self._manners.voicemail_on, since=legs.since)
        notice = reading.newest_notice(items, legs.heard)
        if notice is not None:
            await self._book.change(asked.line, heard=notice.seq)
        text = notice.text if notice else ""
        if where in {reading.VOICEMAIL, reading.OVER} or legs.awaited:
            return doc.leave(speech, text)
        standing = await self._door.standing(reading.line_of(asked.line))
        keys = self._manners.keys and where == reading.WAITING
        minutes = standing.minutes
        return doc.hold(speech, pages, place=standing.place, keys=keys, notice=text, minutes=minutes)

    async def _key(self, asked: Asked) -> str:
        """A key in the hold line: noted, and acted upon at its exit."""
        speech, pages = self._hands.said(asked)
        if not self._manners.keys or asked.digits not in {"1", "2"}:
            return doc.hold(speech, pages, place=0, keys=self._manners.keys)
        asked_for = CALL_BACK if asked.digits == "1" else VOICEMAIL
        await self._book.change(asked.line, asked=asked_for)
        return doc.leave(speech)

    async def _exit(self, asked: Asked) -> str:
        """The caller is out of the hold line: by our document, by our call, or gone."""
        result = asked.fields.get("QueueResult", "")
        if result in GONE_BY_ITSELF:
            await customer_left(self._hands, asked.line, "hung_up")
            return doc.nothing()
        if result in FULL:
            return await self._voicemail(asked)
        if result != LEFT_BY_US:
            return doc.nothing()
        speech, pages = self._hands.said(asked)
        try:
            return await self._next_step(asked, speech, pages)
        except LetterboxClosed:
            return doc.one_moment(speech, pages.url("again"), pause_s=AGAIN_S)

    async def _next_step(self, asked: Asked, speech: Speech, pages: Pages) -> str:
        legs = await self._book.of(asked.line)
        items = await self._hands.items(asked)
        where = reading.place_of(items, self._manners.voicemail_on, since=legs.since)
        if legs.awaited:
            await self._book.change(asked.line, talking=True)
            return doc.talk(pages, label=CUSTOMER, record=legs.recorded)
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
        speech, pages = self._hands.said(asked)
        return doc.enqueue(speech, pages, greet=False)

    async def _call_back(self, asked: Asked) -> str:
        """A yes, or a number: from now on a hang-up ends nothing, and the place is kept."""
        number = reading.typed_number(asked.digits) if len(asked.digits) > 1 else ""
        known = reading.is_number(asked.fields.get("From", ""))
        if not (number or (known and asked.digits == "1")):
            return await self._again(asked)
        legs, items = await self._book.of(asked.line), await self._hands.items(asked)
        if reading.place_of(items, (), since=legs.since) == reading.OVER:
            # Somebody has ended it meanwhile: nothing is promised that nobody keeps.
            return doc.farewell(self._hands.speech(asked.language), "good-bye")
        # Who has been offered to an agent already is called as soon as that one answers.
        legs = await self._book.keep(asked.line, number=number, peer=reading.peer_in(asked.fields))
        if legs.talking:
            return await self._again(asked)
        leg = reading.sid_in(asked.fields.get("CallSid", ""))
        await self._hands.accept(reading.call_back_asked(asked.line, leg))
        return doc.farewell(self._hands.speech(asked.language), "call-back-kept")

    async def _voicemail(self, asked: Asked) -> str:
        speech, pages = self._hands.said(asked)
        return doc.voicemail(speech, pages)

    async def _recorded(self, asked: Asked) -> str:
        """Something was said: the recording comes by its own callback, and the conversation outlives the call."""
        await self._book.change(asked.line, kept=VOICEMAIL)
        return doc.farewell(self._hands.speech(asked.language), "voicemail-kept")

    async def _recording(self, asked: Asked) -> str:
        seconds = asked.fields.get("RecordingDuration", "")[:6]
        language = asked.language or self._manners.language
        text = said("voicemail-written", language, self._door.text, seconds=seconds)
        await self._hands.accept(reading.voicemail_in(asked.fields, asked.line, text))
        return doc.nothing()

    async def _talk_recorded(self, asked: Asked) -> str:
        """A talk that was recorded is over; its sound is fetched by an effect."""
        seconds = asked.fields.get("RecordingDuration", "")[:6]
        text = said("talk-written", asked.language or self._manners.language, self._door.text, seconds=seconds)
        await self._hands.accept(reading.talk_recorded(asked.fields, asked.line, text))
        return doc.nothing()

    async def _status(self, asked: Asked) -> str:
        """A customer's leg has ended, before, while or after anything else."""
        call = reading.call_in(asked.fields)
        legs = await self._book.of(asked.line)
        if not call.ended or call.by_agent:
            return doc.nothing()
        unknown = call.sid != asked.line and not (await self._book.of_leg(call.sid))[0]
        if call.sid != legs.customer and not unknown:
            # Where a call-back was made, the call that asked for it has ended long ago. Who is unknown is being called.
            return doc.nothing()
        await customer_ended(self._hands, asked.line, call.sid, call.status)
        return doc.nothing()

"""What is done to calls at the provider: connect, hold, move, hang up. What came of it is told by webhooks.

Who takes part besides customer and owner is in `company`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress

from channels.contract import Connect, EffectFailed, LineRef, Play, Undeliverable
from channels.phone.documents import Pages, conference_name
from channels.phone.legs import CALL_BACK, VOICEMAIL, LegBook, Legs, Side, called_back
from channels.phone.reading import ALIVE, CUSTOMER, ends_of, is_number
from channels.twilio import Refused, Rest, TooMany, moment_ms

# So long an agent's leg rings; the provider adds up to five seconds. Shorter than a minute: then the effect is old.
AGENT_RING_S, CUSTOMER_RING_S = 20, 30
# The provider's clock against ours.
SKEW_MS = 10_000
# So many sure legs are remembered; an unsure one is asked about within seconds.
CONFIRMED_MAX = 2_000
# The call or the conference is over: codes 20404 and 21220.
GONE = frozenset({20404, 21220, 404})
FIND_PAGES_MAX = 1
UNHELD = (("Hold", "false"),)
IsTalked = Callable[[str], Awaitable[bool]]


class Talk:
    """The deeds of one account's calls. `phones`: agents who answer by telephone, by the name they register with.

    `is_talked`: whether an agent has a line's conversation, as it was decided.
    """

    def __init__(self, rest: Rest, book: LegBook, *, root: str, phones: dict[str, str], is_talked: IsTalked) -> None:
        self._rest = rest
        self._is_talked = is_talked
        self._book = book
        self._root = root
        self._phones = phones
        self._confirmed: OrderedDict[str, str] = OrderedDict()

    def pages(self, line: str, language: str = "") -> Pages:
        """Return our addresses for a line."""
        return Pages(root=self._root, line=line, language=language)

    def target_of(self, address: str) -> str:
        """Return where an agent answers: their telephone, else their browser."""
        return self._phones.get(address, f"client:{address}")

    # --- effects ------------------------------------------------------------------------------------------------

    async def connect(self, effect: Connect, at_ms: int) -> str:
        """Ring an agent. The caller stays on the hold line until they answer."""
        line, legs = effect.line.key, await self._book.of(effect.line.key)
        if legs.agent and legs.party == effect.party and await self.is_alive(legs.agent):
            return legs.agent  # Asked for twice, it rings once.
        calls_back = legs.kept == CALL_BACK
        if not calls_back and not await self.is_alive(legs.customer):
            if effect.call_back:
                calls_back = True
            elif legs.kept == VOICEMAIL:
                return ""  # Nobody is on the line any more: what was said to the machine is what there is.
            else:
                raise Undeliverable("call_over")
        target = self.target_of(effect.address)
        await self.free(target, line)
        await self.end_all(legs.agent)
        await self._book.note_try(effect.key, line)
        tried = {"key": effect.key, "tried_ms": at_ms, "target": target}
        # Whoever is on the line may ask to be called back just now: what is said of that is left as it is.
        back = {"peer": effect.line.peer, "kept": CALL_BACK, "gone": False} if calls_back else {}
        await self._book.change(line, party=effect.party, joined="", agent="", handed=False, **tried, **back)
        await self._book.note_at(target, line, "")
        sid = await self.ring(effect, target, page="agent", told="agent-status")
        await self.has_agent(line, effect.key, sid)
        return sid

    async def free(self, target: str, line: str) -> None:
        """Ring an agent off another line that is theirs no longer: whoever is still on the telephone is busy."""
        other, sid = await self._book.elsewhere(target, line)
        if not other or await self._is_talked(other):
            return
        sid = sid or await self._tried(other, target)
        if sid:
            await self.end(sid)
            await self._book.settle(sid)

    async def _tried(self, line: str, target: str) -> str:
        """Return the leg that somebody was called on last, where the answer to that was lost."""
        legs = await self._book.of(line)
        tries: list[Legs | Side] = [legs, *legs.sides.values()]
        for tried in tries:
            if tried.target == target:
                return await self.find_leg(tried.key, line, target=target, tried_ms=tried.tried_ms)
        return ""

    async def has_agent(self, line: str, key: str, sid: str) -> None:
        """A leg rings for the connection that was tried last; nobody has to answer for a customer who has gone."""
        legs = await self._book.of(line)
        if legs.key != key:
            await self.end_all(sid)
            return
        legs = await self._book.change(line, agent=sid)
        await self._book.note_leg(sid, line, legs.party)
        await self._book.note_at(legs.target, line, sid)
        if legs.gone:
            await self.end_all(sid)

    async def ring(self, effect: Connect, target: str, *, page: str, told: str, **more: str) -> str:
        """Make a leg. Whose it is, is written down by who knows what it is for."""
        line, label = effect.line.key, effect.party.replace(":", "_", 1)
        _, ours = ends_of(effect.line.peer)
        pages = self.pages(line)
        made = await self._rest.post(
            "Calls.json",
            [
                ("To", target),
                ("From", ours),
                ("Timeout", str(AGENT_RING_S if effect.party != CUSTOMER else CUSTOMER_RING_S)),
                ("Url", pages.url(page, party=label, **more)),
                ("StatusCallback", pages.url(told, party=label)),
                ("StatusCallbackEvent", "completed"),
            ],
        )
        sid = str(made.get("sid") or "")
        self._confirm(sid, effect.key)
        return sid

    def _confirm(self, sid: str, key: str) -> None:
        """Remember a leg whose making is sure, so that it is not taken for that of a later connection."""
        self._confirmed[sid] = key
        if len(self._confirmed) > CONFIRMED_MAX:
            self._confirmed.popitem(last=False)

    async def find_leg(self, key: str, line: str, *, target: str, tried_ms: int) -> str:
        """Return the leg of a connection whose answer was lost, also one that has rung in vain; empty for none."""
        with suppress(TooMany):
            async for records in self._rest.pages("Calls.json", {"To": target}, of="calls", pages_max=FIND_PAGES_MAX):
                for record in records:
                    sid, made_ms = str(record.get("sid") or ""), moment_ms(str(record.get("date_created") or ""))
                    late, ours = made_ms >= tried_ms - SKEW_MS, self._confirmed.get(sid, key) == key
                    # What was sure in an earlier life of the node is in the book alone: a leg of another line.
                    if late and ours and (await self._book.of_leg(sid))[0] in {"", line}:
                        return sid
        return ""

    async def hold(self, line: LineRef, *, on: bool) -> None:
        """Let the customer hear music, or the agent again."""
        await self.to_customer(line.key, self.music(line.key) if on else list(UNHELD))

    def music(self, line: str) -> list[tuple[str, str]]:
        """Return what holds somebody."""
        return [("Hold", "true"), ("HoldUrl", self.pages(line).url("music")), ("HoldMethod", "POST")]

    async def announce(self, effect: Play) -> None:
        """Say a notice into the talk. Who waits on the hold line hears it at the next turn, without a call of ours."""
        legs = await self._book.of(effect.line.key)
        if legs.joined:
            url = self.pages(effect.line.key, effect.language).url("notice", notice=effect.notice)
            await self.to_customer(effect.line.key, [("AnnounceUrl", url), ("AnnounceMethod", "POST")])

    async def to_customer(self, line: str, form: list[tuple[str, str]]) -> None:
        """Change the customer's part in the talk. Raises Undeliverable where there is none."""
        await self.to_part(line, (await self._book.of(line)).customer, form)

    async def to_part(self, line: str, sid: str, form: list[tuple[str, str]]) -> None:
        """Change somebody's part in the talk. Raises Undeliverable where there is none."""
        wanted = {"FriendlyName": conference_name(line), "Status": "in-progress"}
        found = await self._rest.get("Conferences.json", wanted)
        rooms = [each for each in found.get("conferences") or [] if isinstance(each, dict)]
        if not rooms:
            raise Undeliverable("not_talking")
        try:
            await self._rest.post(f"Conferences/{rooms[0].get('sid')}/Participants/{sid}.json", form)
        except Refused as refused:
            raise (Undeliverable("not_talking") if refused.code in GONE else refused) from None

    async def back_to_line(self, line: LineRef) -> None:
        """Take the customer out of the talk and onto the hold line; the talk ends with that."""
        legs = await self._book.of(line.key)
        await self._book.change(line.key, joined="", agent="", party="", talking=False, sides={}, handed=False)
        try:
            await self.redirect(legs.customer, self.pages(line.key).url("again"))
        finally:
            # Who rings and has not come would find an empty talk; who was in it goes with it. Whom the provider did not
            # hear of now is not known here when this is tried again.
            await self.end_all(legs.agent, *(side.sid for side in legs.sides.values()))

    async def hang_up(self, line: LineRef) -> None:
        """End every leg. Who has gone already has gone."""
        legs = await self._book.of(line.key)
        for sid in dict.fromkeys((legs.customer, legs.agent, *(side.sid for side in legs.sides.values()))):
            await self.end(sid)

    # --- what webhooks ask for ------------------------------------------------------------------------------------

    async def fetch_customer(self, line: str) -> None:
        """Bring the caller to the agent who has answered, from the hold line or out of hold. Raises Refused if gone."""
        legs = await self._book.of(line)
        if legs.talking:
            with suppress(Undeliverable):
                await self.to_customer(line, list(UNHELD))
                return
        await self.redirect(legs.customer, self.pages(line).url("join"))

    async def call_customer(self, line: str, by: str, at_ms: int) -> None:
        """Call the customer back, into the talk where an agent's leg waits; once for it, however often it is asked."""
        legs = await self._book.of(line)
        number, ours = number_of(legs)
        if not is_number(number):
            raise Undeliverable("number_unusable")
        sid = await self.find_leg("", line, target=number, tried_ms=legs.back_ms) if legs.back_ms else ""
        if sid and not await self.is_alive(sid):
            sid = ""
            if legs.back_by == by:
                raise Undeliverable("no_answer")
        if not sid:
            await self._book.change(line, back_ms=at_ms, back_by=by)
            sid = await self._ring_back(line, number, ours)
        await self.is_called_back(line, sid)

    async def is_called_back(self, line: str, sid: str) -> None:
        """The customer is on this leg now."""
        await self._book.change(line, **called_back(sid))
        await self._book.note_leg(sid, line, CUSTOMER)

    async def _ring_back(self, line: str, number: str, ours: str) -> str:
        pages = self.pages(line)
        made = await self._rest.post(
            "Calls.json",
            [
                ("To", number),
                ("From", ours),
                ("Timeout", str(CUSTOMER_RING_S)),
                ("Url", pages.url("join")),
                ("StatusCallback", pages.url("status")),
                ("StatusCallbackEvent", "completed"),
            ],
        )
        return str(made.get("sid") or "")

    async def call_customer_first(self, effect: Connect, at_ms: int) -> str:
        """Ring the customer before anybody else; who answers in person stands in line on this call."""
        line = effect.line.key
        legs = await self._book.change(line, peer=effect.line.peer)
        number, _ = number_of(legs)
        if not is_number(number):
            raise Undeliverable("number_unusable")
        await self._book.note_try(effect.key, line)
        tried = {"key": effect.key, "tried_ms": at_ms, "target": number}
        await self._book.change(line, kept=CALL_BACK, asked="", talking=False, **tried)
        sid = await self.ring(effect, number, page="called", told="status")
        await self.has_customer(line, sid)
        return sid

    async def has_customer(self, line: str, sid: str) -> None:
        """The customer is on this leg now. An end that is told before counts by not being noted yet."""
        await self._book.change(line, customer=sid, gone=False)
        await self._book.note_leg(sid, line, CUSTOMER)

    async def tell_agent(self, line: str, page: str) -> None:
        """Take an agent's leg out of the talk, to hear why it is over."""
        legs = await self._book.of(line)
        if legs.agent:
            with suppress(EffectFailed):
                await self.redirect(legs.agent, self.pages(line).url(page))

    async def end(self, sid: str) -> None:
        """End a leg that may have ended."""
        if not sid:
            return
        try:
            await self._rest.post(f"Calls/{sid}.json", [("Status", "completed")])
        except Refused as refused:
            if refused.code not in GONE:
                raise

    async def end_all(self, *sids: str) -> None:
        """End legs, once each. Of whom the provider cannot be told now, the reconciler tells it."""
        for sid in dict.fromkeys(sids):
            try:
                await self.end(sid)
            except Undeliverable:
                continue
            except EffectFailed:
                await self._book.owe(sid)

    async def redirect(self, sid: str, url: str) -> None:
        """Let a leg go on with another page."""
        try:
            await self._rest.post(f"Calls/{sid}.json", [("Url", url), ("Method", "POST")])
        except Refused as refused:
            raise (Undeliverable("call_over") if refused.code in GONE else refused) from None

    async def is_alive(self, sid: str) -> bool:
        """Return whether a leg has not ended."""
        try:
            found = await self._rest.get(f"Calls/{sid}.json")
        except Refused as refused:
            if refused.code in GONE:
                return False
            raise
        return found.get("status") in ALIVE


def number_of(legs: Legs) -> tuple[str, str]:
    """Return the number to call a customer on, one they typed before the one they called from, and ours."""
    theirs, ours = ends_of(legs.peer)
    return legs.number or theirs, ours

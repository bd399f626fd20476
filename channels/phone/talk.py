"""What is done to calls at the provider: connect, hold, move, hang up. What came of it is told by webhooks."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress

from channels.contract import Connect, EffectFailed, LineRef, Play, Undeliverable
from channels.phone.documents import RETRIES, Pages, conference_name
from channels.phone.legs import CALL_BACK, LegBook, Legs
from channels.phone.reading import ALIVE, ends_of, is_number
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


class Talk:
    """The deeds of one account's calls. `phones`: agents who answer by telephone, by the name they register with."""

    def __init__(self, rest: Rest, book: LegBook, *, root: str, phones: dict[str, str]) -> None:
        self._rest = rest
        self._book = book
        self._root = root
        self._phones = phones
        self._confirmed: OrderedDict[str, str] = OrderedDict()

    def pages(self, line: str, language: str = "") -> Pages:
        """Return our addresses for a line."""
        return Pages(root=self._root, line=line, language=language)

    # --- effects ------------------------------------------------------------------------------------------------

    async def connect(self, effect: Connect, at_ms: int) -> str:
        """Ring an agent. The caller stays on the hold line until they answer."""
        line, legs = effect.line.key, await self._book.of(effect.line.key)
        if legs.kept != CALL_BACK and not await self._alive(legs.customer):
            raise Undeliverable("call_over")
        _, ours = ends_of(effect.line.peer)
        target = self._phones.get(effect.address, f"client:{effect.address}")
        peer = effect.line.peer if legs.kept == CALL_BACK else ""
        await self._book.note_try(effect.key, line)
        await self._book.change(
            line,
            party=effect.party,
            joined="",
            agent="",
            key=effect.key,
            tried_ms=at_ms,
            target=target,
            peer=peer,
        )
        pages = self.pages(line)
        made = await self._rest.post(
            "Calls.json",
            [
                ("To", target),
                ("From", ours),
                ("Timeout", str(AGENT_RING_S)),
                ("Url", pages.url("agent", party=effect.address)),
                ("StatusCallback", pages.url("agent-status", party=effect.address) + RETRIES),
                ("StatusCallbackEvent", "completed"),
            ],
        )
        sid = str(made.get("sid") or "")
        self._confirm(sid, effect.key)
        await self._book.change(line, agent=sid)
        return sid

    def _confirm(self, sid: str, key: str) -> None:
        """Remember a leg whose making is sure, so that it is not taken for that of a later connection."""
        self._confirmed[sid] = key
        if len(self._confirmed) > CONFIRMED_MAX:
            self._confirmed.popitem(last=False)

    async def find_leg(self, legs: Legs) -> str:
        """Return the leg of a connection whose answer was lost, also one that has rung in vain; empty for none."""
        with suppress(TooMany):
            async for records in self._rest.pages(
                "Calls.json", {"To": legs.target}, of="calls", pages_max=FIND_PAGES_MAX
            ):
                for record in records:
                    sid, made_ms = str(record.get("sid") or ""), moment_ms(str(record.get("date_created") or ""))
                    if made_ms >= legs.tried_ms - SKEW_MS and self._confirmed.get(sid, legs.key) == legs.key:
                        return sid
        return ""

    async def hold(self, line: LineRef, *, on: bool) -> None:
        """Let the customer hear music, or the agent again."""
        music = [("Hold", "true"), ("HoldUrl", self.pages(line.key).url("music")), ("HoldMethod", "POST")]
        await self._to_customer(line, music if on else [("Hold", "false")])

    async def announce(self, effect: Play) -> None:
        """Say a notice into the talk. Who waits on the hold line hears it at the next turn, without a call of ours."""
        legs = await self._book.of(effect.line.key)
        if legs.joined:
            url = self.pages(effect.line.key, effect.language).url("notice", notice=effect.notice)
            await self._to_customer(effect.line, [("AnnounceUrl", url), ("AnnounceMethod", "POST")])

    async def _to_customer(self, line: LineRef, form: list[tuple[str, str]]) -> None:
        """Change the customer's part in the talk."""
        legs = await self._book.of(line.key)
        wanted = {"FriendlyName": conference_name(line.key), "Status": "in-progress"}
        found = await self._rest.get("Conferences.json", wanted)
        rooms = [each for each in found.get("conferences") or [] if isinstance(each, dict)]
        if not rooms:
            raise Undeliverable("not_talking")
        await self._rest.post(f"Conferences/{rooms[0].get('sid')}/Participants/{legs.customer}.json", form)

    async def back_to_line(self, line: LineRef) -> None:
        """Take the customer out of the talk and onto the hold line; the talk ends with that."""
        legs = await self._book.of(line.key)
        await self._book.change(line.key, joined="", agent="", party="")
        await self._redirect(legs.customer, self.pages(line.key).url("again"))

    async def hang_up(self, line: LineRef) -> None:
        """End every leg. Who has gone already has gone."""
        legs = await self._book.of(line.key)
        for sid in dict.fromkeys((legs.customer, legs.agent)):
            await self.end(sid)

    # --- what webhooks ask for ------------------------------------------------------------------------------------

    async def fetch_customer(self, line: str) -> None:
        """Bring the caller from the hold line to the agent who has answered. Raises Refused where they have gone."""
        legs = await self._book.of(line)
        await self._redirect(legs.customer, self.pages(line).url("join"))

    async def call_customer(self, line: str) -> None:
        """Call the customer back, into the talk where the agent waits."""
        legs = await self._book.of(line)
        theirs, ours = ends_of(legs.peer)
        number = legs.number or theirs
        # From here on it is a call like any other: its end ends the conversation.
        await self._book.change(line, kept="", number="", peer="")
        if not is_number(number):
            raise Undeliverable("number_unusable")
        pages = self.pages(line)
        made = await self._rest.post(
            "Calls.json",
            [
                ("To", number),
                ("From", ours),
                ("Timeout", str(CUSTOMER_RING_S)),
                ("Url", pages.url("join")),
                ("StatusCallback", pages.url("status") + RETRIES),
                ("StatusCallbackEvent", "completed"),
            ],
        )
        await self._book.change(line, customer=str(made.get("sid") or ""))

    async def tell_agent(self, line: str, page: str) -> None:
        """Take an agent's leg out of the talk, to hear why it is over."""
        legs = await self._book.of(line)
        if legs.agent:
            with suppress(EffectFailed):
                await self._redirect(legs.agent, self.pages(line).url(page))

    async def end(self, sid: str) -> None:
        """End a leg that may have ended."""
        if not sid:
            return
        try:
            await self._rest.post(f"Calls/{sid}.json", [("Status", "completed")])
        except Refused as refused:
            if refused.code not in GONE:
                raise

    async def _redirect(self, sid: str, url: str) -> None:
        try:
            await self._rest.post(f"Calls/{sid}.json", [("Url", url), ("Method", "POST")])
        except Refused as refused:
            raise (Undeliverable("call_over") if refused.code in GONE else refused) from None

    async def _alive(self, sid: str) -> bool:
        try:
            found = await self._rest.get(f"Calls/{sid}.json")
        except Refused as refused:
            if refused.code in GONE:
                return False
            raise
        return found.get("status") in ALIVE

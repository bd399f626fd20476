"""Telephone through Twilio: callers wait on the provider's hold line, agents talk to them in a conference.

Our router decides who gets whom; the provider only holds the line. https://www.twilio.com/docs/voice
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from aiohttp import web

from channels.contract import (
    AnyEffect,
    Attachment,
    Capabilities,
    Connect,
    Done,
    Door,
    EffectFailed,
    Fetch,
    HangUp,
    Hold,
    LetterboxClosed,
    Move,
    Play,
    Route,
    SoftphoneKey,
    TryLater,
    Undeliverable,
    Unsure,
)
from channels.contract import Settings as CommonSettings
from channels.phone import softphone
from channels.phone.asked import ITEMS_MAX, NEVER, RECORDINGS, Hands, Manners, MenuKey
from channels.phone.company import OUTSIDE, Company
from channels.phone.legs import CALL_BACK, LegBook, Legs, Side
from channels.phone.missed import Missed
from channels.phone.reading import CUSTOMER, TALKING, is_number, line_of, place_of, reached
from channels.phone.talk import Talk, number_of
from channels.phone.webhooks import Webhooks
from channels.twilio import API_URL, Account, AccountSettings, Rest, account_of

CAPABILITIES = Capabilities(
    delivery="call",
    live=True,
    load=100,
    opens_on="line",
    effects=("Connect", "Hold", "Move", "HangUp", "Play", "Fetch"),
    media=True,
    single=True,
    can_find=True,
)
RECONCILE_S_MIN = 10
# Where the router puts a line: that is transferred, that an outside party takes over, that is no more ours at all.
WAITING_PLACE, LEFT = "queue", "left"
OWNER = "owner"
_KEY = re.compile(r"[0-9*#]")
_IDENTITY = re.compile(r"[A-Za-z0-9_]{1,64}")


class Settings(CommonSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `phone` entry of channels.yaml.

    `languages`: a caller's language by the beginning of the number (`{"+66": th}`), else `language`. `menu`: what a key
    after `menu_text` means. `phones`: agents who answer by telephone (`agent_7: "+420..."`), all others in the browser.
    `voicemail_on`: the notices after which a message may be left. `keys`: waiting callers may press 1 or 2. `record`:
    talks are recorded never, after the customer was `told`, or where they have `agreed` by a key.
    """

    account_sid: str = ""
    auth_token_env: str = ""
    old_auth_token_env: str = ""
    api_key_sid: str = ""
    api_key_secret_env: str = ""
    api_url: str = API_URL
    numbers: tuple[str, ...] = ()
    language: str = "en"
    languages: dict[str, str] = msgspec.field(default_factory=dict)
    menu: dict[str, MenuKey] = msgspec.field(default_factory=dict)
    menu_text: str = "phone-menu"
    voices: dict[str, str] = msgspec.field(default_factory=dict)
    music: str = ""
    keys: bool = True
    phones: dict[str, str] = msgspec.field(default_factory=dict)
    voicemail_on: tuple[str, ...] = ("off-hours", "voicemail", "closing")
    record: str = NEVER
    outgoing_app_sid: str = ""
    softphone_sdk: str = softphone.SDK
    reconcile_s: int = 60


class Phone:
    """One account's calls."""

    def __init__(self, settings: Settings, door: Door, account: Account | None) -> None:
        real = bool(account and settings.api_key_sid) and settings.softphone_sdk == softphone.SDK
        self.capabilities = msgspec.structs.replace(CAPABILITIES, page_reaches=softphone.HOSTS if real else ())
        self._settings = settings
        self._door = door
        self._account = account
        self._book = LegBook(door.book)
        self._rest = Rest(account) if account else None
        root = f"{door.public_url}/channels/phone"
        self._hands: Hands | None = None
        if self._rest is not None:
            talk = Talk(self._rest, self._book, root=root, phones=settings.phones, is_talked=self._is_talked)
            manners = Manners(**{name: getattr(settings, name) for name in Manners.__struct_fields__})
            company = Company(talk, self._book)
            self._hands = Hands(door=door, manners=manners, talk=talk, company=company, book=self._book)
        self._deeds: dict[type[Any], Callable[[Hands, Any], Awaitable[Done]]] = {
            Connect: self._connect,
            Hold: _hold,
            Move: _move,
            HangUp: _hang_up,
            Play: _play,
            Fetch: self._fetch,
        }

    def routes(self) -> Sequence[Route]:
        """The pages that the provider asks for; without an account one that says so."""
        if self._account is None or self._hands is None:
            return (Route(method="POST", path="/voice", handler=_not_configured),)
        return [*Webhooks(self._hands, self._account).routes(), *softphone.routes()]

    async def listen(self) -> None:
        """Look for what no callback told, until cancelled; return at once where no number is named."""
        if self._rest is None or self._hands is None or not self._settings.numbers:
            return
        settings = self._settings
        missed = Missed(self._rest, self._hands, numbers=settings.numbers)
        while True:
            done = True
            with suppress(EffectFailed, LetterboxClosed):
                done = await missed.round()
            await asyncio.sleep(settings.reconcile_s if done else 1)

    # --- out --------------------------------------------------------------------------------------------------

    async def perform(self, effect: AnyEffect) -> Done:
        """Do one thing to a call."""
        deed = self._deeds.get(type(effect))
        if deed is None:
            raise Undeliverable("effect_unknown")
        if self._hands is None:
            raise TryLater("not_configured")
        try:
            return await deed(self._hands, effect)
        except LetterboxClosed:
            # Before the call or after it: what rings already is found, all else may be done again.
            raise Unsure("store_away") from None

    async def _connect(self, hands: Hands, effect: Connect) -> Done:
        at_ms = self._door.now_ms()
        if effect.party == CUSTOMER:
            return Done(provider=await self._reach_customer(hands, effect))
        if effect.role != OUTSIDE and not _IDENTITY.fullmatch(effect.address):
            raise Undeliverable("address_unusable")
        if effect.role != OWNER:
            return Done(provider=await hands.company.connect(effect, at_ms))
        there = await hands.company.adopt(effect)
        return Done(provider=there or await hands.talk.connect(effect, at_ms))

    async def _reach_customer(self, hands: Hands, effect: Connect) -> str:
        """Ring the customer; who has stayed on the line although they need not is there already."""
        line = effect.line.key
        legs = await self._book.of(line)
        if legs.kept != CALL_BACK and await hands.talk.is_alive(legs.customer):
            await hands.accept(reached(line, legs.customer))
            return legs.customer
        return await hands.talk.call_customer_first(effect, self._door.now_ms())

    async def _fetch(self, hands: Hands, effect: Fetch) -> Done:
        del hands
        assert self._rest is not None, "checked before"
        content, kind = await self._rest.fetch(effect.url)
        name = effect.url.rstrip("/").rpartition("/")[2][:80]
        file = Attachment(name=name, media_type=kind, size_bytes=len(content), content=content, source=effect.url)
        return Done(files=(file,))

    async def find(self, key: str) -> Done | None:
        """Ask whether a telephone rings already. All other deeds may be done twice without harm."""
        if self._hands is None:
            return None
        try:
            line = await self._book.line_tried(key)
            legs = await self._book.of(line) if line else Legs()
        except LetterboxClosed:
            raise TryLater("store_away") from None
        tries: dict[str, Legs | Side] = {"": legs, **legs.sides}
        party, tried = next(((name, each) for name, each in tries.items() if each.key == key), ("", None))
        if tried is None:
            return None
        sid = await self._hands.talk.find_leg(key, line, target=tried.target, tried_ms=tried.tried_ms)
        if not sid:
            return None
        try:
            await self._found(self._hands, line, legs, party=party, key=key, sid=sid)
        except LetterboxClosed:
            raise TryLater("store_away") from None
        return Done(provider=sid)

    async def _found(self, hands: Hands, line: str, legs: Legs, *, party: str, key: str, sid: str) -> None:
        """From here on it is known like a leg whose making was answered: it ends with its call."""
        if party:
            await hands.company.has_side(line, party, key=key, sid=sid)
        elif legs.target == number_of(legs)[0]:
            await hands.talk.has_customer(line, sid)
        else:
            await hands.talk.has_agent(line, key, sid)

    async def _is_talked(self, line: str) -> bool:
        """Whether an agent has a line's conversation."""
        items = await self._door.line_items(line_of(line), after=0, limit=ITEMS_MAX)
        return place_of(items, ()) == TALKING

    # --- the agent's softphone --------------------------------------------------------------------------------

    def softphone(self, agent: int) -> SoftphoneKey:
        """Return with what an agent's browser takes calls. Raises TryLater where no key is configured."""
        until_ms = self._door.now_ms() + softphone.TOKEN_S * 1_000
        token, sdk = self.softphone_token(agent), self._settings.softphone_sdk
        return SoftphoneKey(identity=softphone.identity_of(agent), token=token, until_ms=until_ms, sdk=sdk)

    def softphone_token(self, agent: int) -> str:
        """Return the token with which an agent's browser takes calls. Raises TryLater where no key is configured."""
        settings, account = self._settings, self._account
        if account is None or not settings.api_key_sid:
            raise TryLater("not_configured")
        return softphone.token_for(
            account, agent=agent, key_sid=settings.api_key_sid, outgoing_app_sid=settings.outgoing_app_sid
        )


async def _hold(hands: Hands, effect: Hold) -> Done:
    await hands.talk.hold(effect.line, on=effect.on)
    return Done()


async def _move(hands: Hands, effect: Move) -> Done:
    places = {WAITING_PLACE: hands.talk.back_to_line, OUTSIDE: hands.company.hand_out, LEFT: hands.company.release}
    move = places.get(effect.to)
    if move is None:
        raise Undeliverable("place_unknown")
    await move(effect.line)
    return Done()


async def _hang_up(hands: Hands, effect: HangUp) -> Done:
    if effect.party:
        await hands.company.let_go(effect.line, effect.party)
    else:
        await hands.talk.hang_up(effect.line)
    return Done()


async def _play(hands: Hands, effect: Play) -> Done:
    await hands.talk.announce(effect)
    return Done()


async def _not_configured(request: web.Request) -> web.StreamResponse:
    del request
    return web.Response(status=503, text="not configured")


def build(settings: CommonSettings, door: Door, environment: Mapping[str, str]) -> Phone:
    """Make the channel. Raises ValueError with a sentence when a setting or a named secret is missing."""
    assert isinstance(settings, Settings), "the loader reads this entry by our own Settings"
    for number in (*settings.numbers, *settings.phones.values()):
        if not is_number(number):
            raise ValueError(f"phone.numbers and phone.phones: write '+66600000001', unlike '{number}'")
    for key in settings.menu:
        if not _KEY.fullmatch(key):
            raise ValueError(f"phone.menu: a key is one of 0-9, * and #, unlike '{key}'")
    for name in settings.phones:
        if not re.fullmatch(r"agent_[0-9]+", name):
            raise ValueError(f"phone.phones: an agent is written 'agent_7', unlike '{name}'")
    if settings.record not in RECORDINGS:
        raise ValueError(f"phone.record: write one of {', '.join(RECORDINGS)}, unlike '{settings.record}'")
    if settings.reconcile_s < RECONCILE_S_MIN:
        raise ValueError(f"phone.reconcile_s must be at least {RECONCILE_S_MIN}")
    written = AccountSettings(**{name: getattr(settings, name) for name in AccountSettings.__struct_fields__})
    return Phone(settings, door, account_of(written, environment))


__all__ = ["CAPABILITIES", "Phone", "Settings", "build"]

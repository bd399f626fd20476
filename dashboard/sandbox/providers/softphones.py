"""Browsers that take calls: what Twilio's signalling is to its Voice SDK, spoken with `web/softphone.js`.

A browser proves its access token, is told of calls for its name, answers them and ends them. Sound is text here.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from dashboard.sandbox.providers.twilio_calls import Calls
from dashboard.sandbox.providers.twilio_legs import Leg

CLIENT = "client:"
KEYS = frozenset("0123456789*#w")
# The vendor's own words for what is wrong with a token; https://www.twilio.com/docs/api/errors
INVALID, EXPIRED, OFTEN = 20101, 20104, 31206
DAY_S = 86_400
FRAME_BYTES_MAX = 8 * 1024
# As many as the vendor lets register under one name.
BROWSERS_MAX = 10
HEARTBEAT_S = 15
# How often the end of a token is looked for.
LOOK_S = 0.5


class Unproven(Exception):
    """A token does not open this; `code` says why, as the vendor would."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Whose tokens are true: the account, and the key they are signed with."""

    account: str
    key: str
    secret: str

    def holder(self, token: str, now_s: float) -> tuple[str, float]:
        """Return a token's identity and the moment of its end. Raises Unproven."""
        try:
            head, body, mark = token.split(".")
            signed = hmac.digest(self.secret.encode(), f"{head}.{body}".encode(), hashlib.sha256)
            genuine = hmac.compare_digest(_unpacked(mark), signed)
            header, claims = json.loads(_unpacked(head)), json.loads(_unpacked(body))
            grants, ends_s = claims["grants"], float(claims["exp"])
            identity = str(grants["identity"])
            may = grants["voice"]["incoming"]["allow"] is True
        except (ValueError, KeyError, TypeError):
            raise Unproven(INVALID) from None
        ours = (claims.get("iss"), claims.get("sub")) == (self.key, self.account)
        known = (header.get("alg"), header.get("cty")) == ("HS256", "twilio-fpa;v=1")
        if not (genuine and ours and known and may and identity) or ends_s > now_s + DAY_S:
            raise Unproven(INVALID)
        if ends_s <= now_s:
            raise Unproven(EXPIRED)
        return identity, ends_s


def _unpacked(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@dataclass(eq=False)
class Browser:
    """One page with a softphone: whose it is once that is proven, whether calls ring there, what it has answered."""

    socket: web.WebSocketResponse
    identity: str = ""
    listens: bool = False
    ends_s: float = 0.0
    taken: set[str] = field(default_factory=set)

    async def tell(self, **news: Any) -> None:
        if not self.socket.closed:
            await self.socket.send_json(news)


class Softphones:
    """All browsers of one account. `handler` is put on an address of the desk's own."""

    def __init__(self, calls: Calls, proof: Proof) -> None:
        self._calls, self._proof = calls, proof
        self._browsers: set[Browser] = set()
        self._told: dict[str, int] = {}
        calls.watchers.append(self._changed)
        self._deeds = {
            "accept": self._accept,
            "reject": self._reject,
            "disconnect": self._disconnect,
            "mute": self._mute,
            "digits": self._digits,
            "say": self._say,
        }

    # --- what browsers send ---------------------------------------------------------------------------------------

    async def handler(self, request: web.Request) -> web.StreamResponse:
        """Hold the line to one browser."""
        origin = request.headers.get("Origin", "")
        if origin and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="another origin")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=FRAME_BYTES_MAX)
        await socket.prepare(request)
        browser = Browser(socket)
        self._browsers.add(browser)
        end = asyncio.create_task(self._ends(browser))
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT or not await self._read(browser, frame.data):
                    break
        finally:
            end.cancel()
            self._browsers.discard(browser)
            await self._gone(browser)
        return socket

    async def stop(self) -> None:
        """Let every browser go."""
        for browser in tuple(self._browsers):
            await browser.socket.close()

    async def _read(self, browser: Browser, text: str) -> bool:
        """Do what a frame asks; False for one that nobody of ours would send."""
        try:
            asked = json.loads(text)
            name = asked["do"]
        except (ValueError, KeyError, TypeError):
            return False
        if name == "register":
            await self._register(browser, str(asked.get("token", "")))
            return True
        if name == "unregister":
            self._unregister(browser)
            return True
        deed, leg = self._deeds.get(name), self._calls.legs.get(str(asked.get("call", "")))
        if deed is None:
            return False
        # A call that is over by now, or another's: the browser has been told, or has no part in it.
        if leg is not None and not leg.ended and leg.theirs == f"{CLIENT}{browser.identity}":
            await deed(browser, leg, asked)
        return True

    async def _register(self, browser: Browser, token: str) -> None:
        now_s = time.time()
        try:
            identity, ends_s = self._proof.holder(token, now_s)
            if len([each for each in self._listening(identity) if each is not browser]) >= BROWSERS_MAX:
                raise Unproven(OFTEN)
        except Unproven as why:
            await browser.tell(news="error", code=why.code)
            return
        if browser.identity not in {"", identity}:
            await self._gone(browser)
        browser.identity, browser.ends_s, browser.listens = identity, ends_s, True
        self._calls.answers[f"{CLIENT}{identity}"] = "ring"
        await browser.tell(news="registered", identity=identity, left_ms=int((ends_s - now_s) * 1_000))
        for leg in self._calls.legs.values():
            if leg.theirs == f"{CLIENT}{identity}" and leg.status == "ringing" and not leg.answered.is_set():
                await self._offer(browser, leg)

    def _unregister(self, browser: Browser) -> None:
        """No call rings here any more; what it has answered goes on."""
        browser.listens = False
        if not self._listening(browser.identity):
            self._calls.answers.pop(f"{CLIENT}{browser.identity}", None)

    async def _ends(self, browser: Browser) -> None:
        """A token's time is over: no call is offered any more, and the talk goes on."""
        while True:
            await asyncio.sleep(LOOK_S)
            if browser.listens and browser.ends_s <= time.time():
                self._unregister(browser)
                await browser.tell(news="error", code=EXPIRED)

    async def _gone(self, browser: Browser) -> None:
        """A page that is closed ends the calls it had taken; one that only rang there rings on elsewhere."""
        self._unregister(browser)
        for sid in tuple(browser.taken):
            leg = self._calls.legs.get(sid)
            if leg is not None and not leg.ended:
                await self._calls.hang_up(leg)

    def _listening(self, identity: str) -> list[Browser]:
        return [browser for browser in self._browsers if browser.identity == identity and browser.listens]

    # --- deeds --------------------------------------------------------------------------------------------------

    async def _accept(self, browser: Browser, leg: Leg, asked: Mapping[str, Any]) -> None:
        del asked
        if leg.answered.is_set():
            await browser.tell(news="cancel", call=leg.sid)
            return
        browser.taken.add(leg.sid)
        leg.answered.set()
        await browser.tell(news="accepted", call=leg.sid)
        for other in self._listening(browser.identity):
            if other is not browser:
                await other.tell(news="cancel", call=leg.sid)

    async def _reject(self, browser: Browser, leg: Leg, asked: Mapping[str, Any]) -> None:
        del browser, asked
        if not leg.answered.is_set():
            await self._calls.hang_up(leg, "busy")

    async def _disconnect(self, browser: Browser, leg: Leg, asked: Mapping[str, Any]) -> None:
        del asked
        if leg.sid in browser.taken:
            await self._calls.hang_up(leg)

    async def _mute(self, browser: Browser, leg: Leg, asked: Mapping[str, Any]) -> None:
        del browser
        (self._calls.silent.add if asked.get("on") is True else self._calls.silent.discard)(leg.sid)

    async def _digits(self, browser: Browser, leg: Leg, asked: Mapping[str, Any]) -> None:
        del browser
        for key in str(asked.get("digits", ""))[:32]:
            if key in KEYS - {"w"} and not self._calls.say(leg, f"tone {key}"):
                leg.keys.put_nowait(key)

    async def _say(self, browser: Browser, leg: Leg, asked: Mapping[str, Any]) -> None:
        heard = self._calls.say(leg, str(asked.get("text", ""))[:4_000])
        await browser.tell(news="said", call=leg.sid, heard=heard)

    # --- what the exchange tells ----------------------------------------------------------------------------------

    def _changed(self, leg: Leg) -> None:
        """A leg rings, has heard something, or is over: tell the browsers of its name."""
        if leg.theirs.startswith(CLIENT):
            self._calls.twilio.later(self._tell(leg))

    async def _tell(self, leg: Leg) -> None:
        identity = leg.theirs.removeprefix(CLIENT)
        browsers = [browser for browser in self._browsers if browser.identity == identity]
        if leg.ended:
            self._told.pop(leg.sid, None)
            self._calls.silent.discard(leg.sid)
            for browser in browsers:
                news = "disconnect" if leg.sid in browser.taken else "cancel"
                browser.taken.discard(leg.sid)
                await browser.tell(news=news, call=leg.sid)
            return
        if leg.status == "ringing" and not leg.answered.is_set() and leg.sid not in self._told:
            self._told[leg.sid] = 0
            for browser in self._listening(identity):
                await self._offer(browser, leg)
        since, self._told[leg.sid] = self._told.get(leg.sid, 0), len(leg.heard)
        for text in leg.heard[since:]:
            for browser in browsers:
                if leg.sid in browser.taken:
                    await browser.tell(news="heard", call=leg.sid, text=text)

    async def _offer(self, browser: Browser, leg: Leg) -> None:
        await browser.tell(news="incoming", call=leg.sid, account=self._proof.account, of=leg.ours, to=leg.theirs)

"""Web chat: our own socket with resume (CHANNELS.md 3), and the widget that a page embeds with one line."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from channels.chat import frames
from channels.chat.asking import check_questions, questions
from channels.chat.conversation import BAD_TOKEN, FORBIDDEN, HELLO_S, Conversation, Hooks, line_of
from channels.chat.elsewhere import Elsewhere
from channels.chat.exchange import Exchange
from channels.chat.files import Files, form_of
from channels.chat.identity import ADDRESS, keys_of, proved
from channels.chat.presence import PAGES, Presence
from channels.chat.sessions import NewSession, Visitor, new_id, seal, unseal
from channels.chat.settings import Settings, check_origins
from channels.contract import (
    LEFT,
    AnyEffect,
    Capabilities,
    Done,
    Door,
    LetterboxClosed,
    LineClosed,
    Route,
    Undeliverable,
)
from channels.contract import Settings as CommonSettings
from channels.frames import TEXT_CHARS_MAX
from channels.origins import client_ip, is_own
from channels.typed import typed
from channels.uploads import FILE_BYTES_MAX, FILE_S_MAX
from router.intake.rates import Buckets

CAPABILITIES = Capabilities(
    delivery="push",
    live=True,
    load=25,
    receipts=True,
    text_chars_max=TEXT_CHARS_MAX,
    media=True,
    files={"*": FILE_BYTES_MAX},
)
BODY_BYTES_MAX = 8 * 1024
HEARTBEAT_S = 20.0
MINUTE_MS = 60_000
# Somebody who mistypes their address may try again; nobody is mailed to by a script.
COPIES_AN_HOUR, HOUR_MS = 3, 3_600_000
DAY_MS = 86_400_000
WATCH_S = 0.5
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# Everything a page of ours sends: messages, signs of typing and of having seen. More is a script.
FRAMES_PER_WINDOW, FRAMES_WINDOW_MS = 120, 10_000
_UNKNOWN_PAGE = "This page may not open a chat: add its origin to the site's list."


class Chat:
    """All chats of a site on this node."""

    def __init__(self, settings: Settings, door: Door, keys: tuple[str, ...] = ()) -> None:
        self.capabilities = CAPABILITIES
        self._keys = keys
        self._settings = settings
        self._door = door
        self._secret = door.secret("sessions")
        self._files = Files(door.public_url, settings.sites)
        self._exchange = Exchange(door, self._may_embed, self._said)
        self._presence = Presence(settings.away_after_s * 1_000)
        self._elsewhere = Elsewhere(door.book, door.home)
        self._sessions = Buckets(settings.sessions_a_minute_and_ip, MINUTE_MS)
        self._messages = Buckets(settings.messages_a_minute, MINUTE_MS)
        self._frames = Buckets(FRAMES_PER_WINDOW, FRAMES_WINDOW_MS)
        self._copies = Buckets(COPIES_AN_HOUR, HOUR_MS)
        self._by_ip: Counter[str] = Counter()
        self._open: set[Conversation] = set()
        self._ending = False

    def routes(self) -> Sequence[Route]:
        """The session, the socket, and the widget's files."""
        return (
            Route(method="POST", path="/session", handler=self._session, body_bytes_max=BODY_BYTES_MAX),
            Route(method="OPTIONS", path="/session", handler=self._preflight),
            Route(method="GET", path="/socket", handler=self._socket),
            Route(
                method="POST",
                path="/files",
                handler=self._exchange.upload,
                body_bytes_max=FILE_BYTES_MAX,
                body_s_max=FILE_S_MAX,
            ),
            Route(method="GET", path="/files/{file}", handler=self._exchange.file),
            *(Route(method="GET", path=path, handler=self._files.handler(path)) for path in self._files.paths),
        )

    async def perform(self, effect: AnyEffect) -> Done:
        """A socket is pushed by the node that holds it; nothing comes here by the outbox."""
        del effect
        raise Undeliverable("push_only")

    async def find(self, key: str) -> Done | None:
        """Nothing is ever unsure here."""
        del key
        return None

    async def listen(self) -> None:
        """Watch who has gone, and remember who was talking, so that a restart closes what nobody comes back to."""
        # The link may come back after a fault, and its chats with it.
        self._ending = False
        try:
            for page in PAGES:
                self._presence.restore(await self._noted(page), self._door.now_ms())
            while True:
                await self._watch()
                await asyncio.sleep(WATCH_S)
        finally:
            # Without its link the channel is over: open sockets come again, to whatever follows it.
            self._ending = True
            for conversation in tuple(self._open):
                conversation.stop()

    async def _noted(self, page: str) -> list[str]:
        """Return who was talking. A book that is away is waited for: chats go on, and must not end with the link."""
        while True:
            try:
                return await self._elsewhere.talking(page)
            except LetterboxClosed:
                await asyncio.sleep(WATCH_S)

    async def _watch(self) -> None:
        with suppress(LetterboxClosed):
            await self._let_go()
            for home in await self._elsewhere.gone(self._door.now_ms()):
                await self._take_over(home)
        for page in tuple(self._presence.changed):
            if not await self._note(page):
                return

    async def _note(self, page: str) -> bool:
        """Note who talks; return whether the book took it. If not, the next watch does it again."""
        self._presence.changed.discard(page)
        try:
            await self._elsewhere.note_talking(page, sorted(self._presence.talking.get(page, ())))
        except LetterboxClosed:
            self._presence.changed.add(page)
            return False
        return True

    async def _let_go(self) -> None:
        """Close the lines of those who have been away for too long, but for those who went on at another node."""
        for visitor in self._presence.gone(self._door.now_ms()):
            if await self._elsewhere.is_elsewhere(visitor):
                self._presence.closed(visitor)
            # They may have come back while an earlier one was written down.
            elif visitor in self._presence.away:
                await self._close_line(visitor, "away")

    async def _take_over(self, home: str) -> None:
        """Watch over those who talked at a node that is gone; they have the time to come back, here or elsewhere."""
        for page in PAGES:
            visitors = await self._elsewhere.talking(page, home)
            for visitor in visitors:
                if not await self._elsewhere.is_elsewhere(visitor, than=home):
                    await self._elsewhere.came(visitor)
                    self._presence.restore([visitor], self._door.now_ms())
                    self._presence.changed.add(page)
            if visitors:
                await self._note(page)
                await self._elsewhere.note_talking(page, [], home)
        await self._elsewhere.forget(home)

    async def _back(self, key: str, visitor: Visitor) -> None:
        """Whoever talks and comes back, perhaps from another node, is watched over here from now on."""
        if self._elsewhere.alone:
            return
        with suppress(LetterboxClosed):
            if self._presence.talks(key) or await self._door.is_open(line_of(visitor)):
                self._presence.said(key)
                await self._elsewhere.came(key)

    async def _close_line(self, key: str, why: str) -> bool:
        """Say that a visitor has left; return whether it is written down. If not, the watch says it again."""
        site, _, visitor = key.rpartition(":")
        who = Visitor(site=site, id=visitor, expires_ms=0)
        signal = LineClosed(line=line_of(who), dedupe=f"left:{key}:{self._door.now_ms()}", why=why)
        try:
            await self._door.accept([signal])
        except LetterboxClosed:
            return False
        self._presence.closed(key)
        return True

    # --- sessions ---------------------------------------------------------------------------------------------------

    async def _session(self, request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin", "")
        try:
            asked = msgspec.json.decode(await request.read(), type=NewSession)
        except (msgspec.MsgspecError, UnicodeError):
            return _refused(400, "bad_request", "Post a JSON object with site, name, email, language.", origin)
        if not self._may_embed(asked.site, request):
            return _refused(403, "origin", _UNKNOWN_PAGE, "")
        if not self._may_declare(asked.declared):
            return _refused(400, "declared", "Declare only what the chat's `facts` and `asks` allow.", origin)
        if asked.email and not ADDRESS.fullmatch(asked.email):
            return _refused(400, "email", "This is not an e-mail address, such as name@example.com.", origin)
        if not self._sessions.take(client_ip(request, self._settings.proxies), self._door.now_ms()):
            return _refused(429, "slow_down", "Too many new chats at once. Try again in a minute.", origin)
        known = proved(self._keys, asked.identity, site=asked.site, now_ms=self._door.now_ms())
        if asked.identity and not known:
            return _refused(403, "identity", "This token proves nothing here: see `identity_key_env`.", origin)
        visitor = self._visitor(asked, known)
        body = {
            "token": seal(self._secret, visitor),
            "visitor": visitor.id,
            "file_bytes_max": FILE_BYTES_MAX,
            "away_after_s": self._settings.away_after_s,
            "copies": self._door.sends_copies(),
            "asks": questions(self._settings.asks, visitor.language, dict(visitor.declared)),
            "instead": form_of(self._door.public_url, self._settings.instead, visitor.language),
            "help": await self._door.help_page(visitor.language),
            **self._hours(visitor.language),
        }
        return web.json_response(body, headers={**_cors(origin), "Cache-Control": "no-store"})

    def _visitor(self, asked: NewSession, shown: tuple[tuple[str, str], ...]) -> Visitor:
        """A known visitor goes on and may add what they had not said; anybody else is new."""
        now_ms = self._door.now_ms()
        known = unseal(self._secret, asked.token, now_ms) if asked.token else None
        earlier = known if known and known.site == asked.site and not known.is_somebody_else(shown) else None
        return Visitor(
            site=asked.site,
            id=earlier.id if earlier else new_id(),
            expires_ms=now_ms + self._settings.session_days * DAY_MS,
            name=typed(asked.name, lines=False) or (earlier.name if earlier else ""),
            email=asked.email or (earlier.email if earlier else ""),
            language=asked.language if _LANGUAGE.fullmatch(asked.language) else (earlier.language if earlier else ""),
            declared=tuple(sorted({**dict(earlier.declared if earlier else ()), **asked.declared}.items())),
            proved=shown or (earlier.proved if earlier else ()),
        )

    def _may_declare(self, declared: Mapping[str, str]) -> bool:
        """What rules look at is a closed set of values: a page cannot make up more of them, nor a name among them."""
        return all(value in self._settings.allowed(name) for name, value in declared.items())

    def _hours(self, language: str) -> dict[str, object]:
        if not self._settings.queue:
            return {"open": True, "opens_ms": 0, "told": ""}
        is_open, change_ms = self._door.opening(self._settings.queue)
        told = self._door.text(self._settings.closed, language, change_ms) if change_ms and not is_open else ""
        return {"open": is_open, "opens_ms": 0 if is_open else change_ms, "told": told}

    async def _preflight(self, request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin", "")
        if not self._may_ask(request):
            return _refused(403, "origin", _UNKNOWN_PAGE, "")
        allowed = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Content-Type"}
        return web.Response(status=204, headers={**_cors(origin), **allowed})

    def _may_ask(self, request: web.Request) -> bool:
        return any(self._may_embed(site, request) for site in ("main", *self._settings.sites))

    def _may_embed(self, site: str, request: web.Request) -> bool:
        """Our own pages may always; others by the site's list. A client without Origin is no browser and may try."""
        if site != "main" and site not in self._settings.sites:
            return False
        origin = request.headers.get("Origin", "")
        listed = origin in self._settings.sites.get(site, ())
        return not origin or listed or is_own(origin, request, self._door.public_url)

    # --- sockets ------------------------------------------------------------------------------------------------------

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        ip = client_ip(request, self._settings.proxies)
        if not self._may_ask(request):
            return _refused(403, "origin", _UNKNOWN_PAGE, "")
        if self._by_ip[ip] >= self._settings.sockets_per_ip:
            return _refused(429, "slow_down", "Too many chats from this address.", "")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=frames.FRAME_BYTES_MAX, compress=False)
        self._by_ip[ip] += 1
        try:
            await socket.prepare(request)
            await self._greet(request, socket)
        finally:
            self._by_ip[ip] -= 1
            if not self._by_ip[ip]:
                del self._by_ip[ip]
        return socket

    async def _greet(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        hello = await _first_frame(socket)
        visitor = unseal(self._secret, hello.token, self._door.now_ms()) if hello else None
        if hello is None or visitor is None:
            await socket.close(code=BAD_TOKEN, message=b"bad token")
            return
        key = f"{visitor.site}:{visitor.id}"
        if not self._may_embed(visitor.site, request):
            await socket.close(code=FORBIDDEN, message=b"origin")
            return
        if self._presence.sockets.get(key, 0) >= self._settings.sockets_per_visitor:
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"too many tabs")
            return
        if self._ending:
            await socket.close(code=WSCloseCode.SERVICE_RESTART)
            return
        await self._talk(request, socket, visitor, hello=hello)

    async def _talk(
        self, request: web.Request, socket: web.WebSocketResponse, visitor: Visitor, *, hello: frames.Hello
    ) -> None:
        key = f"{visitor.site}:{visitor.id}"
        conversation = Conversation(socket, self._door, visitor, self._hooks(request.transport))
        self._open.add(conversation)
        self._presence.came(key)
        try:
            await self._back(key, visitor)
            welcome = frames.write("welcome", session=visitor.id, seq=hello.last_seq, **self._hours(visitor.language))
            await socket.send_str(welcome)
            await conversation.run(hello.last_seq)
        except ConnectionError:
            return
        finally:
            self._open.discard(conversation)
            self._presence.went(key, self._door.now_ms())

    def _said(self, visitor: Visitor) -> None:
        self._presence.said(f"{visitor.site}:{visitor.id}")

    def _hooks(self, transport: asyncio.Transport | None) -> Hooks:
        return Hooks(
            may_send=lambda visitor: self._messages.take(visitor.id, self._door.now_ms()),
            may_speak=lambda visitor: self._frames.take(visitor.id, self._door.now_ms()),
            may_copy=lambda visitor: self._copies.take(visitor.id, self._door.now_ms()),
            said=self._said,
            left=lambda visitor: self._close_line(f"{visitor.site}:{visitor.id}", LEFT),
            link=self._exchange.link,
            cut=lambda: transport.abort() if transport is not None else None,
        )


async def _first_frame(socket: web.WebSocketResponse) -> frames.Hello | None:
    try:
        message = await socket.receive(timeout=HELLO_S)
        frame = frames.read(message.data) if message.type is WSMsgType.TEXT else None
    except (TimeoutError, msgspec.MsgspecError, UnicodeError):
        return None
    return frame if isinstance(frame, frames.Hello) else None


def _refused(status: int, code: str, message: str, origin: str) -> web.Response:
    body = {"error": {"code": code, "message": message}}
    return web.json_response(body, status=status, headers=_cors(origin))


def _cors(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin else {}


def build(settings: CommonSettings, door: Door, environment: Mapping[str, str]) -> Chat:
    """Make the channel. Raises ValueError when a page's origin cannot be one, or a named key is missing."""
    assert isinstance(settings, Settings), "the loader reads this entry by our own Settings"
    check_origins(settings)
    check_questions(settings.asks)
    names = tuple(name for name in (settings.identity_key_env, settings.identity_old_key_env) if name)
    return Chat(settings, door, keys_of(names, environment))


__all__ = ["CAPABILITIES", "Chat", "Settings", "build"]

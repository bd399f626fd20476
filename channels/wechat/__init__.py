"""WeChat Official Accounts: pushes in, sealed or plain; answers out by the customer-service interface.

https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Overview.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from secrets import token_bytes
from typing import Any

import msgspec
from aiohttp import web

from channels.contract import (
    AnyEffect,
    Capabilities,
    Done,
    Door,
    Fetch,
    Route,
    Send,
    TryLater,
    Typing,
    Undeliverable,
)
from channels.contract import Settings as CommonSettings
from channels.five_seconds import Patience, come_again, is_of_now, is_signed, is_stamp
from channels.http_out import Ask, ask
from channels.parts import Progress
from channels.tencent.api import Api, Tokens, error_code, failure, read_answer
from channels.tencent.envelope import RANDOM_BYTES, Sealer, Unreadable, fields_of
from channels.wechat.greeting import greets, passive_text, sealed
from channels.wechat.messages import signals_of
from channels.wechat.sending import CODES, FILE_KINDS, FILES_MAX, PARTS_MAX, Sender

DAY_MS = 86_400_000
CAPABILITIES = Capabilities(
    delivery="call",
    live=False,
    load=25,
    effects=("Send", "Fetch", "Typing"),
    # The longest text that fits into what one message of the customer allows, of characters of four bytes.
    text_chars_max=2_000,
    reply_window_ms=2 * DAY_MS,
    reply_quota=PARTS_MAX,
    media=True,
    files={media_type: kind.bytes_max for media_type, kind in FILE_KINDS.items()},
    files_max=FILES_MAX,
)
# A push of WeChat's is below 4 kB; sealed it is a third longer, and in compatible mode both are there.
BODY_BYTES_MAX = 64 * 1024
# Anything else, an empty page excepted, makes WeChat tell the customer that the service is out of order.
TAKEN = "success"


class Settings(CommonSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `wechat` entry of channels.yaml. Without `app_id` nothing is taken and nothing leaves.

    `aes_key_env` empty: plain mode, in which the bodies of pushes are not signed. `aes_key_before_env` is the key
    before a change at the console. `menu`: what pressing the menu entry of a key says. `greeting`: the text that
    answers a new follower at once. `media_hosts`: under which names WeChat keeps films.
    """

    app_id: str = ""
    app_secret_env: str = ""
    token_env: str = ""
    aes_key_env: str = ""
    aes_key_before_env: str = ""
    kf_account: str = ""
    greeting: str = ""
    menu: dict[str, str] = msgspec.field(default_factory=dict)
    api_url: str = "https://api.weixin.qq.com"
    media_hosts: tuple[str, ...] = ("qq.com", "qpic.cn")


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """What the environment holds. It has no text form, so it cannot be logged."""

    app_secret: str
    token: str
    sealers: tuple[Sealer, ...] = ()

    def __repr__(self) -> str:
        return "Secrets()"


class WeChat:
    """One Official Account."""

    def __init__(self, settings: Settings, door: Door, secrets: Secrets) -> None:
        self.capabilities = CAPABILITIES
        self._settings = settings
        self._door = door
        self._secrets = secrets
        self._patience = Patience(door)
        base_url = settings.api_url.rstrip("/")
        api = Api(Tokens(door.book, door.now_ms, self._fetch_token), CODES)
        self._sender = Sender(api, base_url, kf_account=settings.kf_account, media_hosts=settings.media_hosts)
        self._base_url = base_url

    def routes(self) -> Sequence[Route]:
        """The address to be entered at the console: checked once by GET, pushed to by POST."""
        return (
            Route(method="GET", path="/callback", handler=self._check),
            Route(method="POST", path="/callback", handler=self._push, body_bytes_max=BODY_BYTES_MAX),
        )

    async def listen(self) -> None:
        """WeChat comes to us."""
        return

    # --- in ---------------------------------------------------------------------------------------------------

    async def _check(self, request: web.Request) -> web.StreamResponse:
        if not self._is_signed(request):
            return _refused(403, "signature")
        return web.Response(text=request.query.get("echostr", "")[:256], content_type="text/plain")

    async def _push(self, request: web.Request) -> web.StreamResponse:
        """Answer when it is durable, and not before."""
        body = await request.read()
        try:
            opened = self._opened(request, body)
            if opened is None:
                return _refused(403, "signature")
            fields = fields_of(opened)
            signals = signals_of(fields, self._settings.menu)
        except Unreadable as fault:
            return _refused(400, str(fault))
        if not await self._patience.kept(signals):
            return come_again()
        return self._answer(request, fields)

    def _answer(self, request: web.Request, fields: Mapping[str, str]) -> web.Response:
        """Say that it is taken, and a greeting to who begins to follow."""
        text = self._door.text(self._settings.greeting, "zh") if self._settings.greeting and greets(fields) else ""
        if not text:
            return web.Response(text=TAKEN, content_type="text/plain")
        reply = passive_text(fields, text, self._door.now_ms() // 1_000)
        if self._secrets.sealers:
            stamp = {name: request.query.get(name, "") for name in ("timestamp", "nonce")}
            reply = sealed(reply, self._secrets.sealers[0], **stamp, random=token_bytes(RANDOM_BYTES))
        return web.Response(text=reply, content_type="text/xml")

    def _opened(self, request: web.Request, body: bytes) -> bytes | None:
        """Return the document of a push that is truly WeChat's; None where it is not signed. Raises Unreadable.

        With a key only what is sealed is believed: in compatible mode the plain fields stand unsigned beside it.
        """
        if not self._secrets.sealers:
            return body if self._is_signed(request) else None
        timestamp, nonce = request.query.get("timestamp", ""), request.query.get("nonce", "")
        if not self._is_stamped(timestamp, nonce):
            return None
        sealed = fields_of(body).get("Encrypt", "")
        if not self._secrets.sealers[0].is_signed(request.query.get("msg_signature", ""), timestamp, nonce, sealed):
            return None
        return self._unsealed(sealed)

    def _unsealed(self, sealed: str) -> bytes:
        *others, last = self._secrets.sealers
        for sealer in others:
            try:
                return sealer.open(sealed)
            except Unreadable:
                continue
        return last.open(sealed)

    def _is_signed(self, request: web.Request) -> bool:
        query = request.query
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        stamped = self._is_stamped(timestamp, nonce)
        return stamped and is_signed(query.get("signature", ""), self._secrets.token, timestamp, nonce)

    def _is_stamped(self, timestamp: str, nonce: str) -> bool:
        return is_stamp(timestamp, nonce) and is_of_now(int(timestamp) * 1_000, self._door.now_ms())

    # --- out --------------------------------------------------------------------------------------------------

    async def perform(self, effect: AnyEffect) -> Done:
        """Send, fetch or show that somebody writes."""
        if not isinstance(effect, Send | Fetch | Typing):
            raise Undeliverable("effect_unknown")
        if not self._secrets.app_secret:
            raise TryLater("not_configured")
        if isinstance(effect, Send):
            return await self._sender.send(effect, Progress(self._door.book, effect.key))
        return await (self._sender.fetch(effect) if isinstance(effect, Fetch) else self._sender.typing(effect))

    async def find(self, key: str) -> Done | None:
        """WeChat cannot be asked: after a lost answer a customer may see one message twice."""
        del key
        return None

    async def _fetch_token(self, forced: bool) -> dict[str, Any]:
        wanted = {
            "grant_type": "client_credential",
            "appid": self._settings.app_id,
            "secret": self._secrets.app_secret,
            "force_refresh": forced,
        }
        url = f"{self._base_url}/cgi-bin/stable_token"
        told = await ask(Ask(method="POST", url=url, json=msgspec.json.encode(wanted), harmless=True))
        code = error_code(told)
        if code:
            # Whatever is wrong with our credentials is no fault of the message that waits for them.
            raise TryLater(failure(code, {}).reason)
        return read_answer(told, harmless=True)


def _refused(status: int, code: str) -> web.Response:
    """Say no by a code. What was sent is never repeated."""
    return web.Response(status=status, text=code, content_type="text/plain")


def build(settings: CommonSettings, door: Door, environment: Mapping[str, str]) -> WeChat:
    """Make the channel. Raises ValueError with a sentence when a setting or a named secret is missing."""
    assert isinstance(settings, Settings), "the loader reads this entry by our own Settings"
    named = {
        field: _secret(settings, field, environment)
        for field in ("app_secret_env", "token_env", "aes_key_env", "aes_key_before_env")
    }
    if not settings.app_id:
        return WeChat(settings, door, Secrets(app_secret="", token=""))
    if not named["app_secret_env"] or not named["token_env"]:
        raise ValueError("wechat.app_secret_env and wechat.token_env must each name an environment variable")
    token = named["token_env"]
    keys = [named[field] for field in ("aes_key_env", "aes_key_before_env") if named[field]]
    sealers = tuple(Sealer(token, key, settings.app_id) for key in keys)
    return WeChat(settings, door, Secrets(app_secret=named["app_secret_env"], token=token, sealers=sealers))


def _secret(settings: Settings, field: str, environment: Mapping[str, str]) -> str:
    name: str = getattr(settings, field)
    value = environment.get(name, "") if name else ""
    if name and not value:
        raise ValueError(f"the environment variable {name} is not set")
    return value


__all__ = ["CAPABILITIES", "Settings", "WeChat", "build"]

"""Weibo private messages (粉丝服务平台): pushes in, answers out. https://open.weibo.com/wiki/Messages_api_start

Weibo signs the address of a push and not its body, gives no receipts, and has one token that an operator renews.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    Undeliverable,
)
from channels.contract import Settings as CommonSettings
from channels.five_seconds import Patience, come_again, is_of_now, is_signed, is_stamp
from channels.parts import Progress
from channels.weibo.messages import Push, Unreadable, Wishes, is_uid, read_push, signals_of
from channels.weibo.sending import Sender, passive_reply

DAY_MS = 86_400_000
CAPABILITIES = Capabilities(
    delivery="call",
    live=False,
    load=25,
    effects=("Send", "Fetch"),
    text_chars_max=2_500,
    reply_window_ms=2 * DAY_MS,
    media=True,
)
BODY_BYTES_MAX = 64 * 1024
# A stamp of thirteen digits is in milliseconds.
_SECONDS_DIGITS_MAX = 11


class Settings(CommonSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `weibo` entry of channels.yaml. Without `uid` nothing is taken and nothing leaves.

    `greeting` is the text that answers a new follower at once. `mentions`: posts that name us become conversations.
    """

    uid: str = ""
    app_secret_env: str = ""
    access_token_env: str = ""
    menu: dict[str, str] = msgspec.field(default_factory=dict)
    greeting: str = ""
    mentions: bool = False
    api_url: str = "https://m.api.weibo.com"
    upload_url: str = "https://upload.api.weibo.com"


class Weibo:
    """One Weibo account."""

    def __init__(self, settings: Settings, door: Door, *, app_secret: str, access_token: str) -> None:
        self.capabilities = CAPABILITIES
        self._settings = settings
        self._door = door
        self._app_secret, self._access_token = app_secret, access_token
        self._patience = Patience(door)
        self._wishes = Wishes(menu=settings.menu, mentions=settings.mentions)
        self._sender = Sender(access_token, api_url=settings.api_url, upload_url=settings.upload_url)

    def routes(self) -> Sequence[Route]:
        """The address to be entered at the open platform: checked by GET, pushed to by POST."""
        return (
            Route(method="GET", path="/callback", handler=self._check),
            Route(method="POST", path="/callback", handler=self._push, body_bytes_max=BODY_BYTES_MAX),
        )

    async def listen(self) -> None:
        """Weibo comes to us."""
        return

    async def _check(self, request: web.Request) -> web.StreamResponse:
        if not self._is_signed(request):
            return _refused(403, "signature")
        return web.Response(text=request.query.get("echostr", "")[:256], content_type="text/plain")

    async def _push(self, request: web.Request) -> web.StreamResponse:
        if not self._is_signed(request):
            return _refused(403, "signature")
        try:
            push = read_push(await request.read())
            if str(push.receiver_id) != self._settings.uid:
                return _refused(403, "another_account")
            signals = signals_of(push, self._wishes)
        except Unreadable as fault:
            return _refused(400, str(fault))
        if not await self._patience.kept(signals):
            return come_again()
        return self._answer(push)

    def _answer(self, push: Push) -> web.Response:
        """An empty answer says nothing to the customer. Only who begins to follow is greeted at once."""
        greets = self._settings.greeting and push.type == "event" and push.of_data("subtype") == "follow"
        text = self._door.text(self._settings.greeting, "zh") if greets else ""
        if not text:
            return web.Response(content_type="text/plain")
        return web.json_response(passive_reply(text, us=self._settings.uid, them=push.sender))

    def _is_signed(self, request: web.Request) -> bool:
        query = request.query
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if not is_stamp(timestamp, nonce):
            return False
        stamp_ms = int(timestamp) * (1_000 if len(timestamp) <= _SECONDS_DIGITS_MAX else 1)
        fresh = is_of_now(stamp_ms, self._door.now_ms())
        return fresh and is_signed(query.get("signature", ""), self._app_secret, timestamp, nonce)

    async def perform(self, effect: AnyEffect) -> Done:
        """Answer, or bring a file."""
        if not isinstance(effect, Send | Fetch):
            raise Undeliverable("effect_unknown")
        if not self._access_token:
            raise TryLater("not_configured")
        if isinstance(effect, Fetch):
            return await self._sender.fetch(effect)
        return await self._sender.send(effect, Progress(self._door.book, effect.key))

    async def find(self, key: str) -> Done | None:
        """Weibo cannot be asked: after a lost answer a customer may see one message twice."""
        del key
        return None


def _refused(status: int, code: str) -> web.Response:
    return web.Response(status=status, text=code, content_type="text/plain")


def build(settings: CommonSettings, door: Door, environment: Mapping[str, str]) -> Weibo:
    """Make the channel. Raises ValueError with a sentence when a setting or a named secret is missing."""
    assert isinstance(settings, Settings), "the loader reads this entry by our own Settings"
    named = {"app_secret": settings.app_secret_env, "access_token": settings.access_token_env}
    secrets = {what: environment.get(name, "") if name else "" for what, name in named.items()}
    for what, name in named.items():
        if name and not secrets[what]:
            raise ValueError(f"the environment variable {name} is not set")
        if settings.uid and not name:
            raise ValueError(f"weibo.{what}_env must name an environment variable")
    if settings.uid and not is_uid(settings.uid):
        raise ValueError("weibo.uid must be the account's number")
    return Weibo(settings, door, **secrets) if settings.uid else Weibo(settings, door, app_secret="", access_token="")


__all__ = ["CAPABILITIES", "Settings", "Weibo", "build"]

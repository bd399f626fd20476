"""WeCom customer service (微信客服): a callback tells that there is something, we pull it; answers carry a key.

https://developer.work.weixin.qq.com/document/path/94638
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
from channels.five_seconds import is_of_now, is_stamp
from channels.http_out import Ask, ask
from channels.parts import Progress
from channels.tencent.api import Api, Tokens, error_code, failure, read_answer
from channels.tencent.envelope import Sealer, Unreadable, fields_of
from channels.wecom.messages import is_account
from channels.wecom.pulling import Puller, is_news
from channels.wecom.sending import ANY_FILE, CODES, FILES_MAX, KINDS, PARTS_MAX, Sender

DAY_MS = 86_400_000
CAPABILITIES = Capabilities(
    delivery="call",
    live=False,
    load=25,
    effects=("Send", "Fetch"),
    text_chars_max=2_000,
    reply_window_ms=2 * DAY_MS,
    reply_quota=PARTS_MAX,
    receipts=True,
    media=True,
    files={**{media_type: bytes_max for media_type, (_, bytes_max) in KINDS.items()}, "*": ANY_FILE[1]},
    files_max=FILES_MAX,
    can_find=True,
)
BODY_BYTES_MAX = 64 * 1024
ACCOUNTS_MAX = 100


class Settings(CommonSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `wecom` entry of channels.yaml. Without `corp_id` nothing is taken and nothing leaves.

    `accounts` are the customer-service accounts (`open_kfid`) that are served here. `greeting` is the text that
    welcomes who enters.
    """

    corp_id: str = ""
    corp_secret_env: str = ""
    token_env: str = ""
    aes_key_env: str = ""
    accounts: tuple[str, ...] = ()
    greeting: str = ""
    api_url: str = "https://qyapi.weixin.qq.com"


class WeCom:
    """One corporation's customer-service accounts."""

    def __init__(self, settings: Settings, door: Door, *, secret: str, sealer: Sealer | None) -> None:
        self.capabilities = CAPABILITIES
        self._settings = settings
        self._door = door
        self._secret, self._sealer = secret, sealer
        self._base_url = settings.api_url.rstrip("/")
        api = Api(Tokens(door.book, door.now_ms, self._fetch_token), CODES)
        self._sender = Sender(api, self._base_url)
        self._puller = Puller(door, api, self._sender, base_url=self._base_url, greeting=settings.greeting)

    def routes(self) -> Sequence[Route]:
        """The address to be entered at the console: checked by GET, called by POST."""
        return (
            Route(method="GET", path="/callback", handler=self._check),
            Route(method="POST", path="/callback", handler=self._call, body_bytes_max=BODY_BYTES_MAX),
        )

    async def listen(self) -> None:
        """Pull what customers say, until cancelled."""
        if self._secret:
            await self._puller.run(self._settings.accounts)

    # --- in ---------------------------------------------------------------------------------------------------

    async def _check(self, request: web.Request) -> web.StreamResponse:
        """Answer with what is sealed in the check, opened."""
        try:
            opened = self._opened(request, request.query.get("echostr", ""))
        except Unreadable as fault:
            return _refused(400, str(fault))
        if opened is None:
            return _refused(403, "signature")
        return web.Response(body=opened, content_type="text/plain")

    async def _call(self, request: web.Request) -> web.StreamResponse:
        """A callback holds no message: there is nothing to keep, and it may be answered at once."""
        try:
            opened = self._opened(request, fields_of(await request.read()).get("Encrypt", ""))
            if opened is None:
                return _refused(403, "signature")
            fields = fields_of(opened)
        except Unreadable as fault:
            return _refused(400, str(fault))
        open_kfid = fields.get("OpenKfId", "")
        if is_news(fields) and open_kfid in self._settings.accounts:
            self._puller.called(open_kfid, fields.get("Token", "")[:256])
        return web.Response(text="success", content_type="text/plain")

    def _opened(self, request: web.Request, sealed: str) -> bytes | None:
        """Return what is sealed, None where it is not signed for us now. Raises Unreadable."""
        query = request.query
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if self._sealer is None or not is_stamp(timestamp, nonce):
            return None
        if not is_of_now(int(timestamp) * 1_000, self._door.now_ms()):
            return None
        if not self._sealer.is_signed(query.get("msg_signature", ""), timestamp, nonce, sealed):
            return None
        return self._sealer.open(sealed)

    # --- out --------------------------------------------------------------------------------------------------

    async def perform(self, effect: AnyEffect) -> Done:
        """Send, or bring a file."""
        if not isinstance(effect, Send | Fetch):
            raise Undeliverable("effect_unknown")
        if not self._secret:
            raise TryLater("not_configured")
        if isinstance(effect, Fetch):
            return await self._sender.fetch(effect)
        return await self._sender.send(effect, Progress(self._door.book, effect.key))

    async def find(self, key: str) -> Done | None:
        """To repeat is to ask: a repeat has the id of the first try, and the platform takes each id once."""
        del key
        return None

    async def _fetch_token(self, forced: bool) -> dict[str, Any]:
        """WeCom gives the token that lives, whoever asks; it cannot be forced to give another."""
        del forced
        query = {"corpid": self._settings.corp_id, "corpsecret": self._secret}
        told = await ask(Ask(method="GET", url=f"{self._base_url}/cgi-bin/gettoken", query=query, harmless=True))
        code = error_code(told)
        if code:
            raise TryLater(f"credentials_{code}" if code == 40001 else failure(code, {}).reason)
        return read_answer(told, harmless=True)


def _refused(status: int, code: str) -> web.Response:
    return web.Response(status=status, text=code, content_type="text/plain")


def build(settings: CommonSettings, door: Door, environment: Mapping[str, str]) -> WeCom:
    """Make the channel. Raises ValueError with a sentence when a setting or a named secret is missing."""
    assert isinstance(settings, Settings), "the loader reads this entry by our own Settings"
    named = {field: _secret(settings, field, environment) for field in ("corp_secret_env", "token_env", "aes_key_env")}
    if not settings.corp_id:
        return WeCom(settings, door, secret="", sealer=None)
    for field, value in named.items():
        if not value:
            raise ValueError(f"wecom.{field} must name an environment variable")
    if not 0 < len(settings.accounts) <= ACCOUNTS_MAX or not all(is_account(each) for each in settings.accounts):
        raise ValueError(f"wecom.accounts must name one to {ACCOUNTS_MAX} customer-service accounts (wk…)")
    sealer = Sealer(named["token_env"], named["aes_key_env"], settings.corp_id)
    return WeCom(settings, door, secret=named["corp_secret_env"], sealer=sealer)


def _secret(settings: Settings, field: str, environment: Mapping[str, str]) -> str:
    name: str = getattr(settings, field)
    value = environment.get(name, "") if name else ""
    if name and not value:
        raise ValueError(f"the environment variable {name} is not set")
    return value


__all__ = ["CAPABILITIES", "Settings", "WeCom", "build"]

"""The whole sandbox of one node: providers, players, the page's scene, the copied configuration. It serves no HTTP."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from dashboard.sandbox.credentials import NUMBER, WEIBO_UID, Credentials
from dashboard.sandbox.overlay import FOLDER, MAIL_ADDRESS, Places, entries_of, write_overlay
from dashboard.sandbox.players.app import CHANNEL as APP
from dashboard.sandbox.players.app import AppPlayer
from dashboard.sandbox.players.chat import ChatPlayer
from dashboard.sandbox.players.form import FormPlayer
from dashboard.sandbox.players.mail import MailPlayer
from dashboard.sandbox.players.messengers import WeComPlayer, WhatsAppPlayer, line_player, telegram_player
from dashboard.sandbox.players.phone import PhonePlayer
from dashboard.sandbox.players.platforms import WeChatPlayer, WeiboPlayer
from dashboard.sandbox.players.sms import SmsPlayer
from dashboard.sandbox.providers.broker import Broker, NoBroker, free_ports
from dashboard.sandbox.providers.faulty import FaultyServer
from dashboard.sandbox.providers.line import LinePlatform
from dashboard.sandbox.providers.mail import Post
from dashboard.sandbox.providers.softphones import Proof, Softphones
from dashboard.sandbox.providers.telegram import TelegramPlatform
from dashboard.sandbox.providers.twilio import Twilio
from dashboard.sandbox.providers.twilio_calls import Calls
from dashboard.sandbox.providers.twilio_legs import AS_IT_IS
from dashboard.sandbox.providers.wechat import WeChatPlatform
from dashboard.sandbox.providers.wecom import WeComPlatform
from dashboard.sandbox.providers.weibo import WeiboPlatform
from dashboard.sandbox.providers.whatsapp import WhatsAppPlatform
from dashboard.sandbox.scene import Scene
from dashboard.sandbox.stage import Player, Stage
from router.settings.files import fingerprint

FOLLOW_S = 1.0
WRONG_SHOWN = 5
RECEIPTS = ("sent", "delivered")


class World:
    """Start it before the node, which runs on its `config` and `environment`; `open` it when the node has a port."""

    def __init__(self, source: Path, data: Path, *, always_open: bool = False) -> None:
        self._source, self.config = source, data / FOLDER
        self._always_open = always_open
        self.keys = Credentials()
        self.players: dict[str, Player] = {}
        self.scene = Scene(lambda: time.time_ns() // 1_000_000)
        self._stack = AsyncExitStack()
        self._off = ""
        self._stage: Stage | None = None
        keys = self.keys
        key = (keys.twilio_key, keys.twilio_key_secret)
        self._twilio = Twilio(sid=keys.twilio_sid, token=keys.twilio_token, key=key, auto_statuses=RECEIPTS)
        self._calls = Calls(self._twilio, AS_IT_IS)
        self.softphones = Softphones(self._calls, Proof(account=keys.twilio_sid, key=key[0], secret=key[1]))
        self._wechat = WeChatPlatform(
            app_id=keys.wechat_app_id,
            secret=keys.wechat_secret,
            token=keys.wechat_token,
            aes_key=keys.wechat_aes_key,
        )
        self._weibo = WeiboPlatform(uid=WEIBO_UID, app_secret=keys.weibo_secret, access_token=keys.weibo_token)
        self._wecom = WeComPlatform(
            corp_id=keys.wecom_corp_id,
            secret=keys.wecom_secret,
            token=keys.wecom_token,
            aes_key=keys.wecom_aes_key,
        )
        self._line = LinePlatform(secret=keys.line_secret, token=keys.line_token)
        self._telegram = TelegramPlatform(secret=keys.telegram_secret, token=keys.telegram_token)
        self._whatsapp = WhatsAppPlatform(
            secret=keys.whatsapp_secret, verify=keys.whatsapp_verify, token=keys.whatsapp_token
        )
        self._post = Post()
        (self._mail_in,) = free_ports(1)

    @property
    def environment(self) -> Mapping[str, str]:
        """What the channels find in their environment, beside what is there."""
        return self.keys.environment()

    @property
    def token(self) -> str:
        """What opens the page."""
        return self.keys.page_token

    async def start(self) -> None:
        """Start the providers, and write the configuration that speaks to them."""
        try:
            for server in self._servers():
                await server.start()
                self._stack.push_async_callback(server.stop)
            broker = await self._broker()
            self._places = Places(
                twilio=self._twilio.url,
                wechat=self._wechat.url,
                weibo=self._weibo.url,
                wecom=self._wecom.url,
                line=self._line.url,
                telegram=self._telegram.url,
                whatsapp=self._whatsapp.url,
                mail_in=self._mail_in,
                mail_out=self._post.port,
                broker=broker.port if broker else 0,
                gate=broker.inner if broker else 0,
            )
            await self._follow_once()
        except BaseException:
            await self._stack.aclose()
            raise

    def _servers(self) -> tuple[Twilio | FaultyServer | Post, ...]:
        platforms = (self._wechat, self._weibo, self._wecom, self._line, self._telegram, self._whatsapp)
        return (self._twilio, *(each.server for each in platforms), self._post)

    async def _broker(self) -> Broker | None:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="patchbay-sandbox-"))
        broker = Broker(Path(folder), self.keys.broker_password)
        try:
            await broker.start()
        except NoBroker as why:
            self._off = str(why)
            return None
        self._stack.push_async_callback(broker.stop)
        return broker

    async def open(self, public: str, local: str) -> None:
        """Let customers come: the node answers under these addresses."""
        session = await self._stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        stage = Stage(self.scene, public, local, session)
        self._stage = stage
        self._twilio.reach = stage.reach
        self._calls.usual = "answer"
        mail = MailPlayer(stage, self._post, address=MAIL_ADDRESS, port=self._mail_in)
        players: tuple[Player, ...] = (
            PhonePlayer(stage, self._calls),
            SmsPlayer(stage, self._twilio),
            ChatPlayer(stage),
            AppPlayer(stage, self.keys.app_token_key, off=self._off),
            WeChatPlayer(stage, self._wechat),
            WeiboPlayer(stage, self._weibo),
            mail,
            FormPlayer(stage, mail),
            WeComPlayer(stage, self._wecom),
            line_player(stage, self._line),
            telegram_player(stage, self._telegram),
            WhatsAppPlayer(stage, self._whatsapp),
        )
        self.players = {player.channel: player for player in players}
        stage.later(self._follow())

    async def hush(self) -> None:
        """Let customers say nothing more: the node stops. Providers still answer it."""
        self.scene.close()
        await self.softphones.stop()
        if self._stage is not None:
            await self._stage.stop()

    async def stop(self) -> None:
        """Stop everything. What was said is forgotten; what the node has written stays with it."""
        await self.hush()
        await self._stack.aclose()

    def about(self) -> list[dict[str, str]]:
        """Return what each channel is called here, and why one cannot be played."""
        ours = {"phone": NUMBER, "sms": NUMBER, "email": MAIL_ADDRESS, "weibo": WEIBO_UID, APP: ""}
        return [
            {"name": name, "off": player.off, "address": ours.get(name, "")} for name, player in self.players.items()
        ]

    def wrong(self) -> list[str]:
        """Return what of our requests the vendor's own document does not know: by name and check, without values."""
        return self._twilio.wrong[-WRONG_SHOWN:]

    # --- the configuration ------------------------------------------------------------------------------------------

    async def _follow_once(self) -> str:
        seen = await asyncio.to_thread(fingerprint, self._source)
        entries = entries_of(self.keys, self._places)
        await asyncio.to_thread(write_overlay, self._source, self.config, entries, always_open=self._always_open)
        return seen

    async def _follow(self) -> None:
        """What ops change in their directory is changed in the copy."""
        seen = await asyncio.to_thread(fingerprint, self._source)
        while True:
            await asyncio.sleep(FOLLOW_S)
            if await asyncio.to_thread(fingerprint, self._source) != seen:
                seen = await self._follow_once()


__all__ = ["World"]

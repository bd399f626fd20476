"""What each provider posts: signed requests of the played providers, made before they are sent. For benchmarks only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from bench.channels_server import PUBLIC_URL
from dashboard.sandbox.providers.line import LinePlatform
from dashboard.sandbox.providers.telegram import TelegramPlatform
from dashboard.sandbox.providers.twilio import ACCOUNT, TOKEN, Twilio
from dashboard.sandbox.providers.wechat import WeChatPlatform
from dashboard.sandbox.providers.weibo import WeiboPlatform
from dashboard.sandbox.providers.whatsapp import WhatsAppPlatform

EXAMPLES = Path(__file__).parent.parent / "channels" / "webhook" / "examples"
OURS = "+66600000001"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Nobody listens there: what leaves is not measured.
TOKEN_HERE, PLENTY = "token-of-the-page", 1_000_000_000
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Posted:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes


Make = Callable[[int], Posted]


@dataclass(frozen=True, slots=True)
class Provider:
    """`make` gives the n-th request, each of another customer; `many` several of them in one post.

    `entry` is the channel's, `secrets` its environment.
    """

    entry: Mapping[str, Any]
    secrets: Mapping[str, str]
    make: Make
    many: Callable[[int, int], Posted] | None = None
    # Where a token for one post is had, which then takes the place of TOKEN_HERE; empty for none.
    token_at: str = ""


def phone() -> Provider:
    """Twilio asks what to do with a call that comes in."""
    twilio, path = Twilio(), "/channels/phone/voice"

    def make(number: int) -> Posted:
        ends = {"From": f"+6681{number:07}", "To": OURS, "CallStatus": "ringing", "Direction": "inbound"}
        fields = {"AccountSid": ACCOUNT, "CallSid": f"CA{number:032x}", "ApiVersion": "2010-04-01", **ends}
        signed = {"X-Twilio-Signature": twilio.sign(PUBLIC_URL + path, fields)}
        return Posted(path, FORM | signed, urlencode(fields).encode())

    return Provider(
        {"account_sid": ACCOUNT, "auth_token_env": "TW_TOKEN", "api_url": NOWHERE}, {"TW_TOKEN": TOKEN}, make
    )


def form() -> Provider:
    """What a page posts by script, with the token it was given before."""
    path = "/channels/form/contact"

    def make(number: int) -> Posted:
        said = {"token": TOKEN_HERE, "email": f"c{number}@example.org", "message": f"message number {number}"}
        return Posted(path, {"Content-Type": "application/json"}, json.dumps(said).encode())

    fields = {"email": {"type": "email", "required": True}, "message": {"type": "textarea", "required": True}}
    bounds = {"per_address_an_hour": PLENTY, "per_ip_an_hour": PLENTY}
    entry = {"forms": {"contact": {"fields": fields, "fill_ms_min": 0}}, **bounds}
    return Provider(entry, {}, make, token_at=f"{path}/token")


def sms() -> Provider:
    """Twilio's form, signed over address and fields."""
    twilio, path = Twilio(), "/channels/sms/in"

    def make(number: int) -> Posted:
        ends = {"From": f"+6681{number:07}", "To": OURS, "Body": f"message number {number}"}
        fields = {"AccountSid": ACCOUNT, "MessageSid": f"SM{number:032x}", "NumMedia": "0", **ends}
        signed = {"X-Twilio-Signature": twilio.sign(PUBLIC_URL + path, fields)}
        return Posted(path, FORM | signed, urlencode(fields).encode())

    return Provider(
        {"account_sid": ACCOUNT, "auth_token_env": "TW_TOKEN", "api_url": NOWHERE}, {"TW_TOKEN": TOKEN}, make
    )


def wechat() -> Provider:
    """WeChat's document in the safe mode: signed and sealed."""
    platform = WeChatPlatform()

    def make(number: int) -> Posted:
        said = {"MsgType": "text", "Content": f"message number {number}", "MsgId": platform.number()}
        query, body = platform.sealed(platform.document(f"oUser{number}", **said))
        return Posted(f"/channels/wechat/callback?{urlencode(query)}", {"Content-Type": "text/xml"}, body)

    names = {"app_secret_env": "WX_SECRET", "token_env": "WX_TOKEN", "aes_key_env": "WX_KEY"}
    secrets = {"WX_SECRET": platform.secret, "WX_TOKEN": platform.token, "WX_KEY": platform.aes_key}
    return Provider({"app_id": platform.app_id, "api_url": NOWHERE, **names}, secrets, make)


def weibo() -> Provider:
    """Weibo's JSON; only the address is signed."""
    platform = WeiboPlatform()

    def make(number: int) -> Posted:
        body = json.dumps(platform.body(str(1_000_000 + number), "text", text=f"message number {number}")).encode()
        return Posted(f"/channels/weibo/callback?{urlencode(platform.query())}", {}, body)

    names = {"app_secret_env": "WB_SECRET", "access_token_env": "WB_TOKEN"}
    secrets = {"WB_SECRET": platform.app_secret, "WB_TOKEN": platform.access_token}
    return Provider({"uid": platform.uid, "api_url": NOWHERE, "upload_url": NOWHERE, **names}, secrets, make)


def line() -> Provider:
    """LINE's events, read by an entry that is described in YAML."""
    platform = LinePlatform()

    def many(first: int, count: int) -> Posted:
        events = [
            platform.event(
                f"U{number:032x}",
                message={"type": "text", "id": str(10_000_000 + number), "text": f"message number {number}"},
            )
            for number in range(first, first + count)
        ]
        return Posted("/channels/line/hook", *platform.signed(*events))

    secrets = {"LINE_CHANNEL_SECRET": platform.secret, "LINE_CHANNEL_ACCESS_TOKEN": platform.token}
    return Provider(_example("line"), secrets, lambda number: many(number, 1), many)


def telegram() -> Provider:
    """Telegram's update, read by an entry that is described in YAML."""
    platform = TelegramPlatform()

    def make(number: int) -> Posted:
        body = json.dumps(platform.update(number + 1, text=f"message number {number}")).encode()
        return Posted("/channels/telegram/hook", {"X-Telegram-Bot-Api-Secret-Token": platform.secret}, body)

    secrets = {"TELEGRAM_SECRET": platform.secret, "TELEGRAM_BOT_TOKEN": platform.token}
    return Provider(_example("telegram"), secrets, make)


def whatsapp() -> Provider:
    """Meta's change, read by an entry that is described in YAML."""
    platform = WhatsAppPlatform()

    def make(number: int) -> Posted:
        said = platform.message(f"6681{number:07}", text={"body": f"message number {number}"})
        body = platform.body(said)
        return Posted("/channels/whatsapp/hook", platform.headers(body), body)

    tokens = {"WHATSAPP_VERIFY": platform.verify, "WHATSAPP_TOKEN": platform.token}
    return Provider(_example("whatsapp"), {"WHATSAPP_APP_SECRET": platform.secret, **tokens}, make)


def _example(name: str) -> Mapping[str, Any]:
    entry: Mapping[str, Any] = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text())[name]
    return entry


PROVIDERS: Mapping[str, Callable[[], Provider]] = {
    "phone": phone,
    "sms": sms,
    "form": form,
    "wechat": wechat,
    "weibo": weibo,
    "line": line,
    "telegram": telegram,
    "whatsapp": whatsapp,
}

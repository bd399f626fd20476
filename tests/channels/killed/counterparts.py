"""Providers that can be made to hold a fetch and a send while something is killed, each with a ledger. No test here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.sandbox.providers.faulty import FaultyServer
from tests.channels.webhook.entry import environment_of, example
from tests.channels.wechat import account as wechat_account
from tests.providers.faulty import Fault
from tests.providers.line import LinePlatform
from tests.providers.telegram import TelegramPlatform
from tests.providers.twilio import ACCOUNT, TOKEN, Twilio
from tests.providers.twilio import Fault as TwilioFault
from tests.providers.wechat import WeChatPlatform
from tests.providers.wecom import WeComPlatform
from tests.providers.weibo import WeiboPlatform
from tests.providers.whatsapp import NUMBER_ID, WhatsAppPlatform

JPEG = b"\xff\xd8\xff\xe0 a photo of the matter"
KIND = "image/jpeg"
KF, OURS = "wkAJ2GCAAAZS", "+66600000001"
# Longer than any blow waits for; a hold ends with the blow.
HOLD_S = 30.0
# The exchange cannot end a hold early.
TWILIO_HOLD_S = 0.6


@dataclass
class Counterpart:
    """One provider. `write` lets a customer of a number send words and a picture and says whether it was acknowledged;

    `heard` is how many messages each customer has got; `seen_max` how often one may be seen after one blow: 1 where the
    provider knows a repeat or can be asked.
    """

    name: str
    server: FaultyServer
    fetch: str
    send: str
    write: Callable[[int, str], Awaitable[bool]]
    heard: Callable[[], list[int]]
    entry: Callable[[], dict[str, Any]]
    secrets: Mapping[str, str]
    at: Callable[[str], None]
    seen_max: int = 2
    acknowledged: list[str] = field(default_factory=list)
    held: tuple[str, ...] = ()

    async def start(self) -> None:
        await self.server.start()

    async def stop(self) -> None:
        await self.server.stop()

    def hold_fetch(self, *, after: bool) -> None:
        """Let the next fetch wait and then break: before or after its answer is made."""
        self.held = (self.fetch, self.send)
        self.server.will(self.fetch, Fault(wait_s=HOLD_S, hang_up=True, after=after))

    def hold_send(self, *, after: bool) -> None:
        """Let the next send wait and then break: before or after the customer has it."""
        self.held = (self.send,)
        self.server.will(self.send, Fault(wait_s=HOLD_S, hang_up=True, after=after))

    @property
    def holds(self) -> bool:
        """Whether all that shall be under way is."""
        return all(self.server.waiting[path] for path in self.held)

    def cut(self) -> None:
        """The network breaks: what waits is cut off, and nothing more is planned."""
        self.server.faults.clear()
        self.server.cut()

    async def restart(self) -> None:
        """The provider dies and comes back under its address."""
        self.server.faults.clear()
        await self.server.stop()
        await self.server.start()


class Texting(Counterpart):
    """Twilio's own server has faults of its own."""

    twilio: Twilio

    async def start(self) -> None:
        await self.twilio.start()

    async def stop(self) -> None:
        await self.twilio.stop()

    def hold_fetch(self, *, after: bool) -> None:
        self.twilio.faults.append(TwilioFault(path="/Media/", delay_s=TWILIO_HOLD_S, after=after))

    def hold_send(self, *, after: bool) -> None:
        self.twilio.faults = [TwilioFault(path="/Messages.json", delay_s=TWILIO_HOLD_S, after=after)]

    @property
    def holds(self) -> bool:
        return all(fault.times == 0 for fault in self.twilio.faults)

    def cut(self) -> None:
        self.twilio.faults.clear()

    async def restart(self) -> None:
        self.cut()


def sms() -> Counterpart:
    twilio = Twilio()

    async def write(number: int, text: str) -> bool:
        message, medium = twilio.new_sid("MM"), twilio.new_sid("ME")
        twilio.media[message] = [(medium, KIND, JPEG)]
        url = f"{twilio.url}/2010-04-01/Accounts/{twilio.sid}/Messages/{message}/Media/{medium}"
        told = {"MessageSid": message, "NumMedia": "1", "MediaUrl0": url, "MediaContentType0": KIND}
        theirs = f"+6681{number:07}"
        answered, _ = await twilio.receive(made.hook, From=theirs, To=OURS, Body=text, **told)
        return answered == 200

    def heard() -> list[int]:
        sent = [record["to"] for record in twilio.sent()]
        return [sent.count(to) for to in set(sent)]

    def at(base: str) -> None:
        twilio.reach = lambda url: url
        made.hook = f"{base}/channels/sms/in"

    made = Texting(
        name="sms",
        server=FaultyServer(),
        fetch="",
        send="",
        write=write,
        heard=heard,
        entry=lambda: {"account_sid": ACCOUNT, "auth_token_env": "TW_TOKEN", "api_url": twilio.url},
        secrets={"TW_TOKEN": TOKEN},
        at=at,
        seen_max=1,
    )
    made.twilio = twilio
    return made


def wechat() -> Counterpart:
    platform = WeChatPlatform()

    async def write(number: int, text: str) -> bool:
        openid = f"oUser-{number}"
        said = await platform.say(openid, text)
        platform.media[f"in_{number}"] = (KIND, JPEG)
        fields = {"MsgType": "image", "MsgId": platform.number(), "MediaId": f"in_{number}"}
        shown = await platform.push(openid, PicUrl="http://x/0", **fields)
        return said.statuses[-1] == shown.statuses[-1] == 200

    env = wechat_account.environment_of(platform)
    names = {"app_secret_env": "WX_SECRET", "token_env": "WX_TOKEN", "aes_key_env": "WX_KEY"}
    return Counterpart(
        name="wechat",
        server=platform.server,
        fetch="/cgi-bin/media/get",
        send="/cgi-bin/message/custom/send",
        write=write,
        heard=lambda: [len(each.heard) for each in platform.customers.values()],
        entry=lambda: {"app_id": platform.app_id, "api_url": platform.url, **names},
        secrets=env,
        at=lambda base: setattr(platform, "callback", f"{base}/channels/wechat/callback"),
    )


def weibo() -> Counterpart:
    platform = WeiboPlatform()

    async def write(number: int, text: str) -> bool:
        platform.files[str(number)] = (KIND, JPEG)
        data = {"vfid": "1", "tovfid": str(number)}
        pushed = await platform.push(platform.body(str(1_000_000 + number), "image", text=text, data=data))
        return pushed.statuses[-1] == 200

    names = {"app_secret_env": "WB_SECRET", "access_token_env": "WB_TOKEN"}
    return Counterpart(
        name="weibo",
        server=platform.server,
        fetch="/2/mss/msget",
        send="/2/messages/reply.json",
        write=write,
        heard=lambda: [len(each.texts) for each in platform.fans.values()],
        entry=lambda: {"uid": platform.uid, "api_url": platform.url, "upload_url": platform.url, **names},
        secrets={"WB_SECRET": platform.app_secret, "WB_TOKEN": platform.access_token},
        at=lambda base: setattr(platform, "callback", f"{base}/channels/weibo/callback"),
    )


def wecom() -> Counterpart:
    platform = WeComPlatform()
    platform.listed[KF] = []

    async def write(number: int, text: str) -> bool:
        user = f"wmUser{number}"
        platform.write(KF, user, msgtype="text", text={"content": text})
        await platform.picture(KF, user, JPEG)
        # The platform keeps what was said, whatever becomes of its callback.
        return True

    names = {"corp_secret_env": "WC_SECRET", "token_env": "WC_TOKEN", "aes_key_env": "WC_KEY"}
    return Counterpart(
        name="wecom",
        server=platform.server,
        fetch="/cgi-bin/media/get",
        send="/cgi-bin/kf/send_msg",
        write=write,
        heard=lambda: [len(each.heard) for each in platform.visitors.values()],
        entry=lambda: {"corp_id": platform.corp_id, "api_url": platform.url, "accounts": [KF], **names},
        secrets={"WC_SECRET": platform.secret, "WC_TOKEN": platform.token, "WC_KEY": platform.aes_key},
        at=lambda base: setattr(platform, "callback", f"{base}/channels/wecom/callback"),
        seen_max=1,
    )


def line() -> Counterpart:
    platform = LinePlatform()

    async def write(number: int, text: str) -> bool:
        user, medium = f"U{number:032x}", str(900_000 + number)
        platform.files[medium] = (KIND, JPEG)
        said = {"type": "text", "id": str(700_000 + number), "text": text}
        shown = {"type": "image", "id": medium, "contentProvider": {"type": "line"}}
        return await platform.post(platform.event(user, message=said), platform.event(user, message=shown)) == 200

    fetch, send = "/v2/bot/message/{id}/content", "/v2/bot/message/push"
    return _described("line", platform, write, fetch=fetch, send=send, seen_max=1)


def telegram() -> Counterpart:
    platform = TelegramPlatform()

    async def write(number: int, text: str) -> bool:
        platform.files[f"f{number}"] = (KIND, JPEG)
        photo = [{"file_id": f"f{number}", "width": 90, "height": 90}]
        return await platform.post(platform.update(number, caption=text, photo=photo)) == 200

    return _described("telegram", platform, write, fetch="/file/bot{token}/{path}", send="/bot{token}/sendMessage")


def whatsapp() -> Counterpart:
    platform = WhatsAppPlatform()

    async def write(number: int, text: str) -> bool:
        platform.files[str(number)] = (KIND, JPEG)
        image = {"id": str(number), "mime_type": KIND, "caption": text}
        return await platform.post(platform.body(platform.message(f"6681{number:07}", "image", image=image))) == 200

    fetch, send = "/whatsapp_business/attachments/", f"/v23.0/{NUMBER_ID}/messages"
    return _described("whatsapp", platform, write, fetch=fetch, send=send)


def _described(
    name: str,
    platform: LinePlatform | TelegramPlatform | WhatsAppPlatform,
    write: Callable[[int, str], Awaitable[bool]],
    *,
    fetch: str,
    send: str,
    seen_max: int = 2,
) -> Counterpart:
    return Counterpart(
        name=name,
        server=platform.server,
        fetch=fetch,
        send=send,
        write=write,
        heard=lambda: [len(texts) for texts in platform.heard.values()],
        entry=lambda: example(name, platform.server.url),
        secrets=environment_of(platform),
        at=lambda base: setattr(platform, "callback", f"{base}/channels/{name}/hook"),
        seen_max=seen_max,
    )


ALL: Mapping[str, Callable[[], Counterpart]] = {
    made.__name__: made for made in (sms, wechat, weibo, wecom, line, telegram, whatsapp)
}

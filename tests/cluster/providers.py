"""The providers around a cluster: a mail relay and two platforms. Each writes down what reached its customers."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.cluster.customers import GONE, Crowd, until_yes
from tests.cluster.diary import Diary
from tests.cluster.evidence import MARK
from tests.cluster.front import Front
from tests.crash.relay import read_mail
from tests.providers.line import LinePlatform
from tests.providers.twilio import Twilio
from tests.providers.wechat import WeChatPlatform

NUMBER = "+420555000100"
SMS_IN, HOOK_IN, WECHAT_IN = "/channels/sms/in", "/channels/line/hook", "/channels/wechat/callback"
# A node may hold a push for four seconds while its letterbox is closed.
PUSH_S_MAX = 6.0
# WeChat itself tries three times, each five seconds long.
WECHAT_S_MAX = 20.0
PLENTY = 1_000_000


class Relay:
    """A real SMTP relay on a free port."""

    def __init__(self, diaries: Path) -> None:
        self._diary = Diary(diaries, "relay")
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, loop=loop), host="127.0.0.1", port=0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Listen no more."""
        assert self._server is not None, "start comes first"
        self._server.close()
        await self._server.wait_closed()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Note the mail, then say yes."""
        del server, session
        assert isinstance(envelope.content, bytes)
        message_id, text = read_mail(envelope.content)
        ours = [mark for mark in MARK.findall(text) if mark.startswith("reply-")]
        for mark in ours[:1]:
            self._diary.write("delivered", line=envelope.rcpt_tos[0], mark=mark, key=message_id)
        return "250 2.0.0 taken"


class Phones:
    """Customers who write by SMS, and what they got. Their provider looks for a node that takes its webhook."""

    def __init__(self, diaries: Path, public: str, front: Front) -> None:
        self.twilio = Twilio(reach=lambda url: url.replace(public, front.pick(), 1))
        self.twilio.on_sent = lambda record: self._got(record["to"], record["body"])
        self._public, self._diary = public, Diary(diaries, "phones")

    def _got(self, to: str, body: str) -> None:
        for mark in MARK.findall(body)[:1]:
            self._diary.write("delivered", line=to, mark=mark, key="")

    async def write(self, crowd: Crowd, name: str, number: str) -> None:
        """Write, one message after the other, from one number."""
        diary = Diary(crowd.diaries, name)
        while True:
            async with crowd.say(diary, "sms", number) as mark:
                sid = self.twilio.new_sid("SM")
                await until_yes(partial(self._push, crowd, mark, sid=sid, number=number))

    async def _push(self, crowd: Crowd, mark: str, *, sid: str, number: str) -> bool:
        async with asyncio.timeout(PUSH_S_MAX):
            fields = {"From": number, "To": NUMBER, "Body": f"Please look: {mark}", "MessageSid": sid}
            status, _ = await self.twilio.receive(f"{self._public}{SMS_IN}", **fields)
        return status == 200


class Followers:
    """Customers of a platform that is described in YAML: it comes again with an event until it is taken."""

    def __init__(self, diaries: Path) -> None:
        # A month of answers is not what is tried here either.
        self.platform = LinePlatform(quota_left=PLENTY)
        self._diary = Diary(diaries, "followers")
        self._told: dict[str, int] = {}

    def note(self) -> None:
        """Write down what has reached customers since the last look."""
        for user, texts in self.platform.heard.items():
            for text in texts[self._told.get(user, 0) :]:
                for mark in MARK.findall(text)[:1]:
                    self._diary.write("delivered", line=user, mark=mark, key="")
            self._told[user] = len(texts)

    async def write(self, crowd: Crowd, name: str, user: str) -> None:
        """Write, one message after the other, as one user."""
        diary = Diary(crowd.diaries, name)
        while True:
            async with crowd.say(diary, "hook", user) as mark:
                message = {"type": "text", "id": mark, "text": f"Please look: {mark}", "quoteToken": "q"}
                event = self.platform.event(user, message=message, replyToken="r")
                await until_yes(partial(self._push, crowd, event))

    async def _push(self, crowd: Crowd, event: dict[str, object]) -> bool:
        base = crowd.front.pick()
        self.platform.callback = f"{base}{HOOK_IN}"
        try:
            async with asyncio.timeout(PUSH_S_MAX):
                return await self.platform.post(event) == 200
        except GONE:
            crowd.front.failed(base)
            raise


class Subscribers:
    """Customers of an Official Account, sealed and signed as WeChat does; it takes no key for answers."""

    def __init__(self, diaries: Path) -> None:
        # What an outage kept back leaves at once, and a repeat after a doubt counts: their limit is not what is tried.
        self.platform = WeChatPlatform(quota=PLENTY, on_said=self._got)
        self._diary = Diary(diaries, "subscribers")

    def _got(self, openid: str, text: str) -> None:
        for mark in MARK.findall(text)[:1]:
            self._diary.write("delivered", line=openid, mark=mark, key="")

    async def write(self, crowd: Crowd, name: str, openid: str) -> None:
        """Write, one message after the other, as one subscriber."""
        diary = Diary(crowd.diaries, name)
        while True:
            async with crowd.say(diary, "wechat", openid) as mark:
                await until_yes(partial(self._push, crowd, mark, openid=openid, number=self.platform.number()))

    async def _push(self, crowd: Crowd, mark: str, *, openid: str, number: str) -> bool:
        base = crowd.front.pick()
        self.platform.callback = f"{base}{WECHAT_IN}"
        try:
            async with asyncio.timeout(WECHAT_S_MAX):
                text = f"Please look: {mark}"
                told = await self.platform.push(openid, MsgType="text", Content=text, MsgId=number)
        except GONE:
            crowd.front.failed(base)
            raise
        return told.statuses[-1] == 200

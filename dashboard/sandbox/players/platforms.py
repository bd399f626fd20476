"""Plays who writes on WeChat and Weibo: pushes as the platforms sign them, answers by their interfaces."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from dashboard.sandbox.providers.wechat import WeChatPlatform
from dashboard.sandbox.providers.weibo import WeiboPlatform
from dashboard.sandbox.scene import Item, Line
from dashboard.sandbox.stage import KEPT, REFUSED, Deed, Stage, Wish, digits, needed

WECHAT, WEIBO = "wechat", "weibo"
OPENID_BYTES = 20
PICTURE = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb004300") + bytes([1]) * 64 + bytes.fromhex("ffd9")


class WeChatPlayer:
    """Every line is one follower of the Official Account."""

    channel, off = WECHAT, ""

    def __init__(self, stage: Stage, platform: WeChatPlatform) -> None:
        self._stage, self._platform = stage, platform
        platform.callback = f"{stage.local}/channels/wechat/callback"
        platform.on_said = self._hears

    @property
    def deeds(self) -> Mapping[str, Deed]:
        return {"say": self._say, "picture": self._picture, "unfollow": self._unfollow, "follow": self._follow}

    async def open(self, wish: Wish) -> Line:
        """Somebody follows the account."""
        openid = f"o{secrets.token_urlsafe(OPENID_BYTES)}"
        line = self._stage.scene.open(WECHAT, needed(wish, "name"), openid, deeds=("say", "picture", "unfollow"))
        await self._follow(line, wish)
        return line

    async def _say(self, line: Line, wish: Wish) -> None:
        text = needed(wish, "text")
        item = self._stage.scene.add(line, "customer", text, status="sending")
        answered = await self._platform.say(line.address, text)
        self._told(line, item, broken=answered.notice, status=answered.statuses[-1])

    async def _picture(self, line: Line, wish: Wish) -> None:
        del wish
        item = self._stage.scene.add(line, "customer", "[picture]", status="sending")
        number = self._platform.number()
        self._platform.media[f"picture_{number}"] = ("image/jpeg", PICTURE)
        fields = {"MsgType": "image", "MsgId": number, "MediaId": f"picture_{number}"}
        answered = await self._platform.push(line.address, PicUrl=f"{self._platform.url}/picture", **fields)
        self._told(line, item, broken=answered.notice, status=answered.statuses[-1])

    async def _follow(self, line: Line, wish: Wish) -> None:
        del wish
        await self._platform.happen(line.address, "subscribe", EventKey="")
        self._stage.scene.set(line, "open", ("say", "picture", "unfollow"))

    async def _unfollow(self, line: Line, wish: Wish) -> None:
        del wish
        await self._platform.happen(line.address, "unsubscribe", EventKey="")
        self._stage.scene.set(line, "unfollowed", ("follow",))

    def _told(self, line: Line, item: Item, *, broken: bool, status: int) -> None:
        self._stage.scene.mark(line, item, f"{REFUSED} {status}" if broken else KEPT)
        if broken:
            # What WeChat itself tells a customer when an account answers nothing it understands.
            self._stage.scene.add(line, "sign", "该公众号提供的服务出现故障，请稍后再试")

    def _hears(self, openid: str, text: str) -> None:
        line = self._stage.scene.at(WECHAT, openid)
        if line is not None:
            self._stage.scene.add(line, "company", text)


class WeiboPlayer:
    """Every line is one fan who writes privately."""

    channel, off = WEIBO, ""

    def __init__(self, stage: Stage, platform: WeiboPlatform) -> None:
        self._stage, self._platform = stage, platform
        platform.callback = f"{stage.local}/channels/weibo/callback"
        platform.on_said = self._hears

    @property
    def deeds(self) -> Mapping[str, Deed]:
        return {"say": self._say, "unfollow": self._unfollow, "follow": self._follow}

    async def open(self, wish: Wish) -> Line:
        """Somebody opens the private messages."""
        return self._stage.scene.open(WEIBO, needed(wish, "name"), digits(10), deeds=("say", "unfollow"))

    async def _say(self, line: Line, wish: Wish) -> None:
        text = needed(wish, "text")
        item = self._stage.scene.add(line, "customer", text, status="sending")
        pushed = await self._platform.say(line.address, text)
        status = pushed.statuses[-1]
        self._stage.scene.mark(line, item, KEPT if status == 200 else f"{REFUSED} {status}")

    async def _follow(self, line: Line, wish: Wish) -> None:
        del wish
        await self._platform.happen(line.address, "follow")
        self._stage.scene.set(line, "open", ("say", "unfollow"))

    async def _unfollow(self, line: Line, wish: Wish) -> None:
        del wish
        await self._platform.happen(line.address, "unfollow")
        self._stage.scene.set(line, "unfollowed", ("follow",))

    def _hears(self, uid: str, text: str) -> None:
        line = self._stage.scene.at(WEIBO, uid)
        if line is not None:
            self._stage.scene.add(line, "company", text)

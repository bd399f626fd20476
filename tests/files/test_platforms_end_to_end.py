"""Pictures in from Weibo, LINE, Telegram, WhatsApp and WeCom through a node by effect; and out where they take any."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels import wecom, weibo
from router.site.files import TOO_LARGE
from router.store.filerows import FAILED, files_of
from tests.channels.staffed import SITE, StaffedHouse, staffed
from tests.channels.webhook.entry import staffed as described
from tests.channels.wecom import account as wecom_account
from tests.channels.weibo import account as weibo_account
from tests.files.both_ways import BOUND_S, answers_with, arrived
from tests.providers.line import LinePlatform
from tests.providers.telegram import TelegramPlatform
from tests.providers.wecom import WeComPlatform
from tests.providers.weibo import WeiboPlatform
from tests.providers.whatsapp import WhatsAppPlatform

JPEG, PNG = b"\xff\xd8\xff\xe0 a photo", b"\x89PNG\r\n\x1a\n a drawing"
HTML = b"<!doctype html><script>alert(1)</script>"
CHAT, NUMBER, USER = "1111111", "66812345678", "U80696558e1aa831"
DAY_MS = 86_400_000


@pytest.fixture
async def bot() -> AsyncIterator[TelegramPlatform]:
    made = TelegramPlatform()
    await made.server.start()
    yield made
    await made.server.stop()


async def test_a_picture_comes_by_telegram_and_one_goes_back(tmp_path: Path, bot: TelegramPlatform) -> None:
    async with described(tmp_path, "telegram", bot) as house:
        assert await bot.picture(CHAT, "image/jpeg", JPEG) == 200
        await house.taken()
        file, content = await arrived(house)
        assert (content, file.media_type, file.size_bytes) == (JPEG, "image/jpeg", len(JPEG))
        await answers_with(house, "see this", PNG, "image/png")
        await house.until(lambda: bot.shown == [(CHAT, "drawing.png", PNG)], "received")
        assert bot.heard[CHAT] == ["see this", "[drawing.png]"]


async def test_what_is_no_picture_is_not_shown_as_one_whatever_a_provider_says(
    tmp_path: Path, bot: TelegramPlatform
) -> None:
    async with described(tmp_path, "telegram", bot) as house:
        await bot.picture(CHAT, "image/jpeg", HTML)
        await house.taken()
        file, content = await arrived(house)
        # What it is decides how it is served: a page is a download in a sandbox, never a picture.
        assert (content, file.media_type) == (HTML, "text/html")


async def test_a_file_beyond_the_limit_is_named_and_not_kept(tmp_path: Path, bot: TelegramPlatform) -> None:
    async with described(tmp_path, "telegram", bot, fetch_mebibytes_max=1) as house:
        await bot.picture(CHAT, "image/jpeg", JPEG + bytes(1 << 20))
        await house.taken()
        await failed(house, {TOO_LARGE, "answer_too_large"})


async def failed(house: StaffedHouse, reasons: set[str]) -> None:
    """Wait until a message's file is given up by name."""
    async with asyncio.timeout(BOUND_S):
        while True:
            row = await house.store.archive.message(SITE, 1)
            (file,) = files_of(row.body) if row else ()
            if file.state == FAILED:
                break
            await asyncio.sleep(0.02)
    assert file.reason in reasons


async def test_a_picture_comes_by_whatsapp_and_one_goes_back(tmp_path: Path) -> None:
    platform = WhatsAppPlatform()
    await platform.server.start()
    async with described(tmp_path, "whatsapp", platform) as house:
        assert await platform.picture(NUMBER, "image/jpeg", JPEG) == 200
        await house.taken()
        assert (await arrived(house))[1] == JPEG
        await answers_with(house, "see this", PNG, "image/png")
        await house.until(lambda: platform.heard.get(NUMBER) == ["see this", "[image]"], "received")
        assert ("image/png", PNG) in platform.files.values()
    await platform.server.stop()


async def test_a_picture_comes_by_line(tmp_path: Path) -> None:
    platform = LinePlatform()
    await platform.server.start()
    async with described(tmp_path, "line", platform) as house:
        assert await platform.picture(USER, "image/jpeg", JPEG) == 200
        await house.taken()
        file, content = await arrived(house)
        assert (content, file.media_type) == (JPEG, "image/jpeg")
    await platform.server.stop()


async def test_a_picture_comes_by_weibo(tmp_path: Path) -> None:
    platform = WeiboPlatform()
    await platform.server.start()
    settings, environment = weibo_account.settings_of(platform), weibo_account.environment_of(platform)
    async with staffed(tmp_path, "weibo", weibo, settings, environment) as house:
        platform.callback = house.address("/callback")
        platform.files["821804469"] = ("image/jpeg", JPEG)
        data = {"vfid": "821804459", "tovfid": "821804469"}
        pushed = await platform.push(platform.body(weibo_account.FAN, "image", text="发了一张图片", data=data))
        assert pushed.statuses == [200]
        await house.taken()
        file, content = await arrived(house)
        assert (content, file.media_type, file.size_bytes) == (JPEG, "image/jpeg", len(JPEG))
    await platform.server.stop()


async def test_a_picture_comes_by_wecom_and_one_goes_back(tmp_path: Path) -> None:
    platform = WeComPlatform()
    await platform.server.start()
    settings, environment = wecom_account.settings_of(platform), wecom_account.environment_of(platform)
    for each in settings.accounts:
        platform.listed[each] = []
    async with staffed(tmp_path, "wecom", wecom, settings, environment) as house:
        platform.callback = house.address("/callback")
        assert await platform.picture(wecom_account.KF, wecom_account.USER, JPEG) == 200
        await house.taken()
        assert (await arrived(house))[1] == JPEG
        await answers_with(house, "好的", PNG, "image/png")
        visitor = platform.visitor(wecom_account.KF, wecom_account.USER)
        await house.until(lambda: len(visitor.heard) == 2, "received")
        assert platform.media[visitor.heard[1]["image"]["media_id"]][2] == PNG
    await platform.server.stop()

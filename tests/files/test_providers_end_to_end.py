"""Pictures in from the played providers and out to them, through a whole node."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from channels import sms, wechat
from tests.channels.sms.conftest import OURS
from tests.channels.staffed import StaffedHouse, staffed
from tests.channels.wechat.account import CUSTOMER, environment_of, settings_of
from tests.files.both_ways import answers_with, arrived
from tests.providers.twilio import ACCOUNT, TOKEN, Fault, Twilio
from tests.providers.wechat import WeChatPlatform

PUBLIC = "http://127.0.0.1"
THEIRS = "+66812345678"
JPEG, PNG = b"\xff\xd8\xff\xe0 a photo", b"\x89PNG\r\n\x1a\n a drawing"


@pytest.fixture
async def twilio() -> AsyncIterator[Twilio]:
    made = Twilio()
    await made.start()
    yield made
    await made.stop()
    assert made.wrong == []


@pytest.fixture
async def texting(tmp_path: Path, twilio: Twilio) -> AsyncIterator[StaffedHouse]:
    settings = sms.Settings(account_sid=ACCOUNT, auth_token_env="TOKEN", api_url=twilio.url, numbers=(OURS,))
    async with staffed(tmp_path, "sms", sms, settings, {"TOKEN": TOKEN}) as house:
        twilio.reach = lambda url: url.replace(PUBLIC, str(house.client.make_url("/")).rstrip("/"))
        yield house


@pytest.fixture
async def platform() -> AsyncIterator[WeChatPlatform]:
    made = WeChatPlatform()
    await made.server.start()
    yield made
    await made.server.stop()


@pytest.fixture
async def chatting(tmp_path: Path, platform: WeChatPlatform) -> AsyncIterator[StaffedHouse]:
    async with staffed(tmp_path, "wechat", wechat, settings_of(platform), environment_of(platform)) as house:
        platform.callback = house.address("/callback")
        yield house


def picture(twilio: Twilio, sid: str) -> dict[str, Any]:
    """A picture in Twilio's storage, and what its webhook says of it."""
    message = "MM" + "b" * 32
    twilio.media[message] = [(sid, "image/jpeg", JPEG)]
    url = f"{twilio.url}/2010-04-01/Accounts/{ACCOUNT}/Messages/{message}/Media/{sid}"
    return {"MessageSid": message, "NumMedia": "1", "MediaUrl0": url, "MediaContentType0": "image/jpeg"}


async def test_a_picture_by_sms_that_is_not_there_at_first_arrives(texting: StaffedHouse, twilio: Twilio) -> None:
    twilio.faults.append(Fault(path="/Media/", status=404, times=1))
    told = picture(twilio, "ME" + "c" * 32)
    await twilio.receive(f"{PUBLIC}/channels/sms/in", From=THEIRS, To=OURS, Body="look", **told)
    await texting.taken()
    file, content = await arrived(texting)
    assert (content, file.media_type) == (JPEG, "image/jpeg")
    assert [asked.path.endswith("ME" + "c" * 32) for asked in twilio.asked].count(True) == 2
    assert all("Authorization" not in headers for headers in twilio.storage_headers)


async def test_a_picture_goes_out_by_mms(texting: StaffedHouse, twilio: Twilio) -> None:
    await twilio.receive(f"{PUBLIC}/channels/sms/in", From=THEIRS, To=OURS, Body="hello")
    await texting.taken()
    await answers_with(texting, "see this", PNG, "image/png")
    await texting.until(lambda: twilio.fetched == [PNG], "fetched by the provider")
    assert [sent["body"] for sent in twilio.sent()] == ["see this"]


async def test_a_picture_comes_by_wechat_and_one_goes_back(chatting: StaffedHouse, platform: WeChatPlatform) -> None:
    platform.media["in_1"] = ("image/jpeg", JPEG)
    await platform.push(CUSTOMER, MsgType="image", PicUrl="http://x/0", MediaId="in_1", MsgId=platform.number())
    await chatting.taken()
    file, content = await arrived(chatting)
    assert (content, file.media_type, file.size_bytes) == (JPEG, "image/jpeg", len(JPEG))
    await answers_with(chatting, "好的", PNG, "image/png")
    customer = platform.customer(CUSTOMER)
    await chatting.until(lambda: len(customer.heard) == 2, "received")
    sent = customer.heard[1]["image"]["media_id"]
    assert platform.media[sent] == ("image/png", PNG)
    assert customer.texts == ["好的"]

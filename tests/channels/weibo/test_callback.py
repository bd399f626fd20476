"""The address that is entered at Weibo's open platform: its check, its pushes, its greeting, and what is refused."""

from __future__ import annotations

import asyncio
import json
from io import BytesIO

import pytest

from channels import five_seconds, weibo
from channels.contract import LineOpened, MessageIn, OptedOut
from channels.five_seconds import SIGNATURE_MS_MAX, is_signed, sorted_sha1
from channels.weibo.sending import passive_reply
from tests.channels.door import MemoryDoor
from tests.channels.site import serving
from tests.channels.vectors.reading import vectors
from tests.channels.weibo.account import FAN, Account, account

CALLBACK = "/channels/weibo/callback"


async def posted(house: Account, query: dict[str, str], body: bytes | BytesIO) -> tuple[int, str]:
    async with house.client.post(CALLBACK, params=query, data=body) as answer:
        return answer.status, await answer.text()


def body_of(house: Account, text: str = "hello") -> bytes:
    return json.dumps(house.platform.body(FAN, "text", text=text)).encode()


def test_the_vendors_signature_is_ours() -> None:
    given = vectors("weibo")["weibo-official-signature"]["inputs"]
    parts = (given["app_secret"], given["timestamp"], given["nonce"])
    assert "".join(sorted(parts)) == given["joined"]
    assert sorted_sha1(*parts) == given["signature"]
    assert is_signed(given["signature"], *parts)


async def test_the_vendors_sample_passes_the_real_address_at_its_time_and_at_no_other() -> None:
    given = vectors("weibo")["weibo-official-signature"]["inputs"]
    door = MemoryDoor(at_ms=int(given["timestamp"]) + 5_000)
    settings = weibo.Settings(uid="1", app_secret_env="S", access_token_env="T")
    channel = weibo.build(settings, door, {"S": given["app_secret"], "T": "t"})
    asked = {name: given[name] for name in ("signature", "timestamp", "nonce")} | {"echostr": "5837397576301"}
    async with serving(channel, "weibo") as client:
        async with client.get(CALLBACK, params=asked) as answer:
            assert (answer.status, await answer.text()) == (200, "5837397576301")
        door.at_ms += SIGNATURE_MS_MAX
        async with client.get(CALLBACK, params=asked) as answer:
            assert answer.status == 403


async def test_a_message_is_kept_and_answered_with_nothing() -> None:
    async with account() as house:
        pushed = await house.platform.say(FAN, "你好 😀")
        assert (pushed.statuses, pushed.body) == ([200], "")
        (message,) = house.door.messages
        assert (message.text, message.line.peer, message.sent_ms) == ("你好 😀", FAN, house.door.at_ms // 1_000 * 1_000)


async def test_a_redelivery_is_the_same_message() -> None:
    async with account() as house:
        for _ in range(3):
            assert (await posted(house, house.platform.query(), body_of(house)))[0] == 200
        assert len(house.door.messages) == 1


async def test_who_begins_to_follow_is_greeted_at_once_and_wakes_nobody() -> None:
    door = MemoryDoor(texts={"welcome:zh": "欢迎！ 100% & more"})
    async with account(door, greeting="welcome") as house:
        await house.platform.happen(FAN, "follow")
        assert house.platform.fan(FAN).greeted == ["欢迎！ 100% & more"]
        assert [type(signal) for signal in door.signals] == [OptedOut, LineOpened]
        assert (await house.platform.say(FAN, "hello")).body == ""


def test_the_vendors_own_answer_at_once_is_ours_letter_by_letter() -> None:
    sample = vectors("weibo")["weibo-official-reply-data"]
    given = sample["inputs"]
    assert passive_reply(given["text"], us=given["sender_id"], them=given["receiver_id"]) == sample["expected"]["reply"]


async def test_who_presses_or_leaves_is_a_signal() -> None:
    async with account() as house:
        await house.platform.happen(FAN, "click", "TALK")
        await house.platform.happen(FAN, "view", "https://shop.example/")
        await house.platform.happen(FAN, "unfollow")
        assert [type(signal) for signal in house.door.signals] == [MessageIn, OptedOut]


@pytest.mark.parametrize(
    "change",
    [{"signature": "0" * 40}, {"signature": ""}, {"nonce": "another"}, {"timestamp": "now"}, {"nonce": "x" * 500}],
    ids=["wrong", "empty", "nonce", "timestamp", "long"],
)
async def test_a_push_with_a_bad_signature_is_refused_and_kept_nowhere(change: dict[str, str]) -> None:
    async with account() as house:
        assert (await posted(house, {**house.platform.query(), **change}, body_of(house)))[0] == 403
        assert house.door.signals == []


async def test_a_signature_that_was_recorded_opens_nothing_later() -> None:
    async with account() as house:
        query = house.platform.query()
        house.door.at_ms += SIGNATURE_MS_MAX + 1
        assert (await posted(house, query, body_of(house)))[0] == 403


async def test_what_was_meant_for_another_account_is_refused() -> None:
    async with account() as house:
        body = {**house.platform.body(FAN, "text", text="hello"), "receiver_id": 1}
        assert await posted(house, house.platform.query(), json.dumps(body).encode()) == (403, "another_account")
        assert house.door.signals == []


@pytest.mark.parametrize("body", [b"", b"hello", b"<xml/>", '{"text":"你好"}'.encode("gbk"), b"{" * 9_000])
async def test_a_body_that_cannot_be_read_gets_400(body: bytes) -> None:
    async with account() as house:
        assert await posted(house, house.platform.query(), body) == (400, "json_unreadable")


async def test_a_body_of_ten_megabytes_is_too_large() -> None:
    async with account() as house:
        assert (await posted(house, house.platform.query(), BytesIO(b"x" * 10_000_000)))[0] == 413


async def test_a_closed_letterbox_is_waited_for_and_then_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(five_seconds, "PATIENCE_MS", 300)
    monkeypatch.setattr(five_seconds, "LOOK_AGAIN_MS", 50)
    async with account() as house:
        house.door.closed = True
        assert (await house.platform.say(FAN, "hello")).statuses == [503, 503, 503]
        waiting = asyncio.create_task(house.platform.say(FAN, "hello"))
        while not house.channel._patience._held:
            await asyncio.sleep(0.005)
        house.door.closed = False
        assert (await waiting).statuses[-1] == 200
        assert len(house.door.messages) == 1


async def test_an_account_that_is_not_configured_believes_nobody() -> None:
    door = MemoryDoor()
    stamp = {"timestamp": str(door.at_ms), "nonce": "n"}
    query = {**stamp, "signature": sorted_sha1("", *stamp.values()), "echostr": "x"}
    channel = weibo.build(weibo.Settings(), door, {})
    async with serving(channel, "weibo") as client, client.get(CALLBACK, params=query) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("lacks", ["app_secret_env", "access_token_env"])
def test_an_account_without_its_secrets_says_which_setting_is_missing(lacks: str) -> None:
    names = {"app_secret_env": "S", "access_token_env": "T"} | {lacks: ""}
    with pytest.raises(ValueError, match=lacks):
        weibo.build(weibo.Settings(uid="1", **names), MemoryDoor(), {"S": "s", "T": "t"})


def test_an_account_is_a_number() -> None:
    settings = weibo.Settings(uid="morava", app_secret_env="S", access_token_env="T")
    with pytest.raises(ValueError, match=r"weibo\.uid"):
        weibo.build(settings, MemoryDoor(), {"S": "s", "T": "t"})

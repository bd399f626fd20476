"""The address that is entered at WeChat's console: its check, its pushes, their seals, and what is refused."""

from __future__ import annotations

import asyncio
import base64
import logging
from io import BytesIO
from typing import Any

import pytest
from wechatpy.crypto import WeChatCrypto

from channels import five_seconds, wechat
from channels.contract import KeyPressed, LineOpened, MessageIn, OptedOut
from channels.five_seconds import SIGNATURE_MS_MAX
from channels.tencent.envelope import fields_of
from tests.channels.door import MemoryDoor
from tests.channels.site import serving
from tests.channels.vectors.reading import vectors
from tests.channels.wechat.account import CUSTOMER, Account, account

CALLBACK = "/channels/wechat/callback"
TEXT = {"MsgType": "text", "Content": "hello", "MsgId": "1"}
VECTORS = vectors("wechat")


async def posted(house: Account, query: dict[str, str], body: bytes | BytesIO) -> tuple[int, str]:
    async with house.client.post(CALLBACK, params=query, data=body) as answer:
        return answer.status, await answer.text()


async def checked(mode: str, inputs: dict[str, Any]) -> tuple[int, str]:
    """Ask our address as the console does, at the time and with the token of a sample."""
    door = MemoryDoor(at_ms=int(inputs["timestamp"]) * 1_000)
    channel = wechat.build(
        wechat.Settings(app_id="wx1", app_secret_env="S", token_env="T"), door, {"S": "s", "T": inputs["token"]}
    )
    asked = {name: inputs[name] for name in ("signature", "timestamp", "nonce", "echostr")}
    async with serving(channel, "wechat") as client, client.get(CALLBACK, params=asked) as answer:
        return answer.status, await answer.text()


@pytest.mark.parametrize("name", ["wechat-oa-url-verify", "wechat-oa-url-verify-bad"])
async def test_the_consoles_check_gets_its_own_word_back_and_nobody_else_does(name: str) -> None:
    status, said = await checked("plain", VECTORS[name]["inputs"])
    if VECTORS[name]["expected"]["valid"]:
        assert (status, said) == (200, VECTORS[name]["expected"]["response_body"])
    else:
        assert status == 403
        assert VECTORS[name]["inputs"]["echostr"] not in said


async def test_the_sample_of_safe_mode_is_taken_by_the_real_address() -> None:
    given, expected = VECTORS["wechat-oa-aes-text"]["inputs"], VECTORS["wechat-oa-aes-text"]["expected"]
    door = MemoryDoor(at_ms=int(given["timestamp"]) * 1_000)
    settings = wechat.Settings(app_id=given["app_id"], app_secret_env="S", token_env="T", aes_key_env="K")
    channel = wechat.build(settings, door, {"S": "s", "T": given["token"], "K": given["encoding_aes_key"]})
    body = f"<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[{given['encrypt']}]]></Encrypt></xml>"
    async with (
        serving(channel, "wechat") as client,
        client.post(CALLBACK + given["query"], data=body.encode()) as answer,
    ):
        assert (answer.status, await answer.text()) == (200, "success")
    (message,) = door.messages
    assert message.text in expected["plaintext"]
    assert message.provider == "24681012"


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
async def test_a_message_is_taken_in_each_mode_and_answered_with_success_alone(mode: str) -> None:
    async with account(mode) as house:
        answered = await house.platform.say(CUSTOMER, "你好 😀")
        assert (answered.statuses, answered.body) == ([200], "success")
        (message,) = house.door.messages
        assert (message.text, message.line.peer, message.sent_ms) == ("你好 😀", CUSTOMER, house.door.at_ms)
        assert [(each.kind, each.verified) for each in message.identities] == [("openid", "wechat")]


async def test_a_redelivery_is_the_same_message() -> None:
    async with account() as house:
        for _ in range(3):
            await house.platform.push(CUSTOMER, **TEXT)
        assert len(house.door.messages) == 1


async def test_what_customers_do_beside_writing_becomes_signals_or_is_only_answered() -> None:
    async with account() as house:
        await house.platform.happen(CUSTOMER, "subscribe", EventKey="qrscene_shop")
        await house.platform.happen(CUSTOMER, "CLICK", EventKey="PRICES")
        await house.platform.happen(CUSTOMER, "CLICK", EventKey="TALK")
        await house.platform.happen(CUSTOMER, "unsubscribe")
        viewed = await house.platform.happen(CUSTOMER, "VIEW", EventKey="https://shop.example/")
        assert not viewed.notice
        kinds = [type(signal) for signal in house.door.signals]
        assert kinds == [OptedOut, LineOpened, KeyPressed, MessageIn, OptedOut]
        assert house.door.messages[0].text == "I would like to talk to somebody."


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
async def test_who_begins_to_follow_is_greeted_in_the_answer_in_the_accounts_mode(mode: str) -> None:
    words = "欢迎 <b> & ]]> 😀"
    async with account(mode, MemoryDoor(texts={"welcome:zh": words}), greeting="welcome") as house:
        answered = await house.platform.happen(CUSTOMER, "subscribe")
        assert not answered.notice
        assert house.platform.customer(CUSTOMER).greeted == [words]
        assert (await house.platform.say(CUSTOMER, "hello")).body == "success"
        assert [type(signal) for signal in house.door.signals] == [OptedOut, LineOpened, MessageIn]


async def test_a_sealed_greeting_is_opened_by_the_independent_library() -> None:
    async with account(door=MemoryDoor(texts={"welcome:zh": "欢迎"}), greeting="welcome") as house:
        body = (await house.platform.happen(CUSTOMER, "subscribe")).body
        platform, fields = house.platform, fields_of(body.encode())
        theirs = WeChatCrypto(platform.token, platform.aes_key, platform.app_id)
        opened = theirs.decrypt_message(body, fields["MsgSignature"], fields["TimeStamp"], fields["Nonce"])
        assert fields_of(opened.encode())["Content"] == "欢迎"


async def test_a_clock_that_runs_ahead_does_not_sort_a_message_above_later_ones() -> None:
    async with account() as house:
        ahead = str(house.door.at_ms // 1_000 + 3_000)
        await house.platform.push(CUSTOMER, **TEXT, CreateTime=ahead)
        assert house.door.messages[0].sent_ms == 0


# --- who is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["plain", "safe"])
@pytest.mark.parametrize(
    "change",
    [
        {"signature": "0" * 40, "msg_signature": "0" * 40},
        {"signature": "", "msg_signature": ""},
        {"nonce": "another"},
        {"timestamp": "abc"},
        {"nonce": "x" * 500},
    ],
    ids=["wrong", "empty", "nonce", "timestamp", "long"],
)
async def test_a_push_with_a_bad_signature_is_refused_and_kept_nowhere(mode: str, change: dict[str, str]) -> None:
    async with account(mode) as house:
        query, body = house.platform.sealed(house.platform.document(CUSTOMER, **TEXT))
        assert (await posted(house, {**query, **change}, body))[0] == 403
        assert house.door.signals == []


@pytest.mark.parametrize("mode", ["plain", "safe"])
async def test_a_signature_that_was_recorded_opens_nothing_an_hour_later(mode: str) -> None:
    async with account(mode) as house:
        query, body = house.platform.sealed(house.platform.document(CUSTOMER, **TEXT))
        house.door.at_ms += SIGNATURE_MS_MAX + 1_000
        assert (await posted(house, query, body))[0] == 403
        house.door.at_ms -= 1_000
        assert (await posted(house, query, body))[0] == 200


async def test_with_a_key_only_what_is_sealed_is_believed() -> None:
    async with account("compatible") as house:
        house.platform.mode = "plain"
        query, body = house.platform.sealed(house.platform.document(CUSTOMER, **TEXT))
        assert (await posted(house, query, body))[0] == 403
        house.platform.mode = "compatible"
        query, body = house.platform.sealed(house.platform.document(CUSTOMER, **TEXT))
        assert (await posted(house, query, body.replace(b"hello", b"forged")))[0] == 200
        assert [message.text for message in house.door.messages] == ["hello"]


async def test_what_is_sealed_for_another_account_is_refused() -> None:
    async with account() as house:
        house.platform.app_id = "wxffffffffffffffff"
        answered = await house.platform.say(CUSTOMER, "hello")
        assert set(answered.statuses) == {400}
        assert house.door.signals == []


async def test_the_key_before_a_change_opens_what_was_sealed_with_it() -> None:
    new_key = base64.b64encode(bytes(range(32))).decode().rstrip("=")
    door = MemoryDoor()
    async with account(door=door) as old:
        settings = wechat.Settings(
            app_id=old.platform.app_id, app_secret_env="S", token_env="T", aes_key_env="N", aes_key_before_env="K"
        )
        environment = {"S": "s", "T": old.platform.token, "N": new_key, "K": old.platform.aes_key}
        async with serving(wechat.build(settings, door, environment), "wechat") as client:
            old.platform.callback = str(client.make_url(CALLBACK))
            await old.platform.say(CUSTOMER, "with the old key")
            old.platform.aes_key = new_key
            await old.platform.say(CUSTOMER, "with the new key")
    assert [message.text for message in door.messages] == ["with the old key", "with the new key"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b'{"MsgType": "text"}',
        "<xml><Content>你好</Content></xml>".encode("gbk"),
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><xml><Content>&a;</Content></xml>',
        b"<xml><MsgType>text</MsgType></xml>",
    ],
    ids=["empty", "words", "json", "wrong charset", "entity", "no sender"],
)
async def test_a_body_that_cannot_be_read_gets_400_and_is_not_repeated_to_the_sender(body: bytes) -> None:
    async with account("plain") as house:
        query, _ = house.platform.sealed(house.platform.document(CUSTOMER, **TEXT))
        status, said = await posted(house, query, body)
        assert status == 400
        assert said in {"xml_unreadable", "fields_missing"}
        assert house.door.signals == []


async def test_a_body_of_ten_megabytes_is_too_large() -> None:
    async with account() as house:
        query, _ = house.platform.sealed(house.platform.document(CUSTOMER, **TEXT))
        assert (await posted(house, query, BytesIO(b"<xml>" + b"x" * 10_000_000)))[0] == 413


async def test_an_account_that_is_not_configured_believes_nobody() -> None:
    door = MemoryDoor()
    platform_without_secret = {"signature": five_seconds.sorted_sha1("", "1800000000", "n")}
    async with serving(wechat.build(wechat.Settings(), door, {}), "wechat") as client:
        query = {**platform_without_secret, "timestamp": "1800000000", "nonce": "n", "echostr": "x"}
        async with client.get(CALLBACK, params=query) as answer:
            assert answer.status == 403
        async with client.post(CALLBACK, params=query, data=b"<xml/>") as answer:
            assert answer.status == 403
    assert door.signals == []


@pytest.mark.parametrize("lacks", ["app_secret_env", "token_env"])
def test_an_account_without_its_secrets_says_which_setting_is_missing(lacks: str) -> None:
    names = {"app_secret_env": "S", "token_env": "T"} | {lacks: ""}
    with pytest.raises(ValueError, match=lacks):
        wechat.build(wechat.Settings(app_id="wx1", **names), MemoryDoor(), {"S": "s", "T": "t"})


async def test_what_is_refused_writes_no_words_of_a_customer_into_any_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with account() as house:
            query, body = house.platform.sealed(house.platform.document(CUSTOMER, **{**TEXT, "Content": "private"}))
            await posted(house, {**query, "msg_signature": "0" * 40}, body)
    assert "private" not in caplog.text
    assert house.platform.token not in caplog.text


# --- five seconds --------------------------------------------------------------------------------------------


async def test_a_letterbox_that_opens_again_within_four_seconds_costs_the_customer_nothing() -> None:
    async with account() as house:
        house.door.closed = True
        waiting = asyncio.create_task(house.platform.say(CUSTOMER, "hello"))
        while not house.channel._patience._held:
            await asyncio.sleep(0.01)
        assert house.door.signals == []
        house.door.closed = False
        answered = await waiting
        assert (answered.statuses, answered.notice) == ([200], False)
        assert len(house.door.messages) == 1


async def test_a_letterbox_that_stays_closed_is_said_before_wechat_hangs_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(five_seconds, "PATIENCE_MS", 300)
    monkeypatch.setattr(five_seconds, "LOOK_AGAIN_MS", 50)
    async with account() as house:
        house.door.closed = True
        answered = await house.platform.say(CUSTOMER, "hello")
        assert answered.statuses == [503, 503, 503]
        assert answered.seconds < 3
        house.door.closed = False
        assert (await house.platform.say(CUSTOMER, "hello again")).statuses == [200]


async def test_a_write_that_hangs_is_answered_in_time_and_known_when_it_comes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(five_seconds, "PATIENCE_MS", 200)
    async with account() as house:
        accept, gate = house.door.accept, asyncio.Event()

        async def slow(signals: Any) -> Any:
            await gate.wait()
            return await accept(signals)

        monkeypatch.setattr(house.door, "accept", slow)
        pushing = asyncio.create_task(house.platform.push(CUSTOMER, **TEXT))
        assert (await pushing).statuses == [503, 503, 503]
        gate.set()
        assert (await house.platform.push(CUSTOMER, **TEXT)).statuses == [200]
        assert len(house.door.messages) == 1


async def test_a_flood_on_a_closed_letterbox_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(five_seconds, "HELD_MAX", 0)
    async with account() as house:
        house.door.closed = True
        answered = await house.platform.say(CUSTOMER, "hello")
        assert answered.statuses == [503, 503, 503]
        assert answered.seconds < 2

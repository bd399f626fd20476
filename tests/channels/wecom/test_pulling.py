"""The callback that tells, and the list that is pulled: nothing lost, nothing twice, the cursor behind the letters."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any

import pytest

from channels import wecom
from channels.contract import LetterboxClosed, LineOpened, Recalled, Receipt
from channels.five_seconds import SIGNATURE_MS_MAX, sorted_sha1
from channels.wecom import pulling as pulling_module
from channels.wecom.messages import parties_of
from tests.channels.door import MemoryDoor
from tests.channels.site import serving
from tests.channels.vectors.reading import vectors
from tests.channels.wecom.account import (
    KF,
    OTHER_KF,
    USER,
    Account,
    account,
    environment_of,
    pulling,
    settings_of,
)
from tests.patience import until
from tests.providers.faulty import Fault

CALLBACK, SYNC = "/channels/wecom/callback", "/cgi-bin/kf/sync_msg"


async def posted(house: Account, query: dict[str, str], body: bytes | BytesIO) -> tuple[int, str]:
    async with house.client.post(CALLBACK, params=query, data=body) as answer:
        return answer.status, await answer.text()


def texts(house: Account) -> list[str]:
    return [message.text for message in house.door.messages]


# --- the callback ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["wecom-official-url-verify", "wecom-wechatpy-url-verify-bad"])
async def test_the_consoles_check_gets_its_own_word_back_opened(name: str) -> None:
    vector = vectors("wecom")[name]
    given = vector["inputs"]
    door = MemoryDoor(at_ms=int(given["timestamp"]) * 1_000)
    settings = wecom.Settings(
        corp_id=given["receive_id"], corp_secret_env="S", token_env="T", aes_key_env="K", accounts=(KF,)
    )
    channel = wecom.build(settings, door, {"S": "s", "T": given["token"], "K": given["encoding_aes_key"]})
    asked = {each: given[each] for each in ("msg_signature", "timestamp", "nonce", "echostr")}
    async with serving(channel, "wecom") as client, client.get(CALLBACK, params=asked) as answer:
        said = await answer.text()
        if vector["expected"]["valid"]:
            assert (answer.status, said) == (200, vector["expected"]["response_body"])
        else:
            assert answer.status == 403


async def test_the_vendors_sealed_message_is_opened_at_the_real_address_and_is_not_news() -> None:
    given = vectors("wecom")["wecom-official-message"]["inputs"]
    door = MemoryDoor(at_ms=int(given["timestamp"]) * 1_000)
    settings = wecom.Settings(
        corp_id=given["receive_id"], corp_secret_env="S", token_env="T", aes_key_env="K", accounts=(KF,)
    )
    channel = wecom.build(settings, door, {"S": "s", "T": given["token"], "K": given["encoding_aes_key"]})
    query = {each: given[each] for each in ("msg_signature", "timestamp", "nonce")}
    async with (
        serving(channel, "wecom") as client,
        client.post(CALLBACK, params=query, data=given["body"].encode()) as answer,
    ):
        assert (answer.status, await answer.text()) == (200, "success")
    assert channel._puller._called == {}


@pytest.mark.parametrize(
    "change", [{"msg_signature": "0" * 40}, {"msg_signature": ""}, {"nonce": "x"}, {"timestamp": "now"}]
)
async def test_a_callback_with_a_bad_signature_pulls_nothing(change: dict[str, str]) -> None:
    async with account() as house:
        query, body = house.platform.sealed(house.platform.document(KF, "T"))
        assert (await posted(house, {**query, **change}, body))[0] == 403
        assert house.channel._puller._called == {}


async def test_a_callback_that_was_recorded_or_sealed_for_another_is_refused() -> None:
    async with account() as house:
        query, body = house.platform.sealed(house.platform.document(KF, "T"))
        house.door.at_ms += SIGNATURE_MS_MAX + 1_000
        assert (await posted(house, query, body))[0] == 403
        house.platform.corp_id = "wwffffffffffffffff"
        query, body = house.platform.sealed(house.platform.document(KF, "T"))
        assert await posted(house, query, body) == (400, "sealed_for_another")


async def test_bodies_that_cannot_be_read_or_are_too_large_are_refused() -> None:
    async with account() as house:
        query, _ = house.platform.sealed(house.platform.document(KF, "T"))
        for body in (b"", b"hello", "<xml>你好</xml>".encode("gbk")):
            assert await posted(house, query, body) == (400, "xml_unreadable")
        assert (await posted(house, query, BytesIO(b"x" * 10_000_000)))[0] == 413


async def test_an_account_that_is_not_ours_and_an_event_that_is_none_are_only_acknowledged() -> None:
    async with account() as house:
        for document in (house.platform.document("wkStranger", "T"), house.platform.document(KF, "T", event="x")):
            query, body = house.platform.sealed(document)
            assert await posted(house, query, body) == (200, "success")
        assert house.channel._puller._called == {}


async def test_without_settings_nobody_is_believed() -> None:
    door = MemoryDoor()
    stamp = {"timestamp": str(door.at_ms // 1_000), "nonce": "n"}
    query = {**stamp, "msg_signature": sorted_sha1("", *stamp.values(), "x"), "echostr": "x"}
    channel = wecom.build(wecom.Settings(), door, {})
    async with serving(channel, "wecom") as client, client.get(CALLBACK, params=query) as answer:
        assert answer.status == 403
    await asyncio.wait_for(channel.listen(), timeout=60)


@pytest.mark.parametrize("lacks", ["corp_secret_env", "token_env", "aes_key_env", "accounts"])
def test_a_corporation_without_its_secrets_or_accounts_says_which_setting_is_missing(lacks: str) -> None:
    given: dict[str, Any] = {"corp_secret_env": "S", "token_env": "T", "aes_key_env": "K", "accounts": (KF,)}
    given[lacks] = () if lacks == "accounts" else ""
    with pytest.raises(ValueError, match=lacks):
        wecom.build(wecom.Settings(corp_id="ww1", **given), MemoryDoor(), {"S": "s", "T": "t", "K": "a" * 43})


# --- the list -------------------------------------------------------------------------------------------------


async def test_a_callback_brings_what_was_said_with_its_token_and_moves_the_cursor() -> None:
    async with account() as house, pulling(house.channel):
        await until(lambda: len(house.platform.pulled) == 2)
        assert await house.platform.say(KF, USER, "hello") == 200
        await until(lambda: texts(house) == ["hello"])
        await until(lambda: house.door.book.pages.get(f"cursor:{KF}") == "1")
        assert house.platform.pulled[-1]["token"].startswith("ENC")
        assert parties_of(house.door.messages[0].line.peer) == (KF, USER)


async def test_many_pages_even_empty_ones_are_read_to_the_end_in_order() -> None:
    async with account() as house:
        house.platform.page = 3
        for number in range(10):
            house.platform.write(KF, USER, msgtype="text", text={"content": f"{number}"})
        async with pulling(house.channel):
            await until(lambda: texts(house) == [f"{number}" for number in range(10)])


async def test_a_callback_that_was_lost_costs_a_minute_and_no_message() -> None:
    async with account() as house:
        async with pulling(house.channel):
            await until(lambda: len(house.platform.pulled) == 2)
        house.platform.write(KF, USER, msgtype="text", text={"content": "hello"})
        house.door.at_ms += pulling_module.LOOK_MS
        async with pulling(house.channel):
            await until(lambda: texts(house) == ["hello"])


async def test_two_nodes_together_look_by_the_clock_once() -> None:
    async with account() as house:
        again = wecom.build(settings_of(house.platform), house.door, environment_of(house.platform))
        async with pulling(house.channel):
            await until(lambda: f"looked:{OTHER_KF}" in house.door.book.pages)
        async with pulling(again):
            await asyncio.sleep(0.05)
        assert len(house.platform.pulled) == 2


async def test_while_the_letterbox_is_closed_the_cursor_does_not_move(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling_module, "AGAIN_MS", 20)
    async with account() as house:
        house.door.closed = True
        house.platform.write(KF, USER, msgtype="text", text={"content": "hello"})
        async with pulling(house.channel):
            await until(lambda: len(house.platform.pulled) >= 3)
            assert f"cursor:{KF}" not in house.door.book.pages
            house.door.closed = False
            await until(lambda: texts(house) == ["hello"])
            await until(lambda: house.door.book.pages.get(f"cursor:{KF}") == "1")


async def test_a_crash_between_the_letters_and_the_cursor_brings_nothing_twice() -> None:
    async with account() as house:
        house.platform.write(KF, USER, msgtype="text", text={"content": "hello"})
        async with pulling(house.channel):
            await until(lambda: texts(house) == ["hello"])
        house.door.book.pages.clear()
        again = wecom.build(settings_of(house.platform), house.door, environment_of(house.platform))
        async with pulling(again):
            await until(lambda: house.door.book.pages.get(f"cursor:{KF}") == "1")
        assert texts(house) == ["hello"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=502),
        Fault(hang_up=True),
        Fault(status=200, body=b"<html>"),
        Fault(status=200, body=b'{"msg_list":5}'),
    ],
)
async def test_a_platform_that_fails_is_asked_again(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling_module, "AGAIN_MS", 20)
    async with account() as house:
        house.platform.server.will(SYNC, fault, fault)
        house.platform.write(KF, USER, msgtype="text", text={"content": "hello"})
        async with pulling(house.channel):
            await until(lambda: texts(house) == ["hello"])


async def test_an_account_that_is_gone_keeps_nobody_from_the_others() -> None:
    async with account() as house:
        del house.platform.listed[KF]
        house.platform.write(OTHER_KF, USER, msgtype="text", text={"content": "hello"})
        async with pulling(house.channel):
            await until(lambda: texts(house) == ["hello"])


async def test_a_callbacks_token_that_has_ended_is_left_out() -> None:
    async with account() as house, pulling(house.channel):
        await until(lambda: len(house.platform.pulled) == 2)
        house.platform.write(KF, USER, msgtype="text", text={"content": "hello"})
        query, body = house.platform.sealed(house.platform.document(KF, "ENC-that-ended"))
        await posted(house, query, body)
        await until(lambda: texts(house) == ["hello"])
        assert ["token" in asked for asked in house.platform.pulled[-2:]] == [True, False]


async def test_a_broken_letterbox_is_no_reason_to_stop_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling_module, "AGAIN_MS", 10)
    async with account() as house:
        accept, refusals = house.door.accept, iter(range(3))

        async def sometimes(signals: Any) -> Any:
            if next(refusals, None) is not None:
                raise LetterboxClosed("not now")
            return await accept(signals)

        monkeypatch.setattr(house.door, "accept", sometimes)
        house.platform.write(KF, USER, msgtype="text", text={"content": "hello"})
        async with pulling(house.channel):
            await until(lambda: texts(house) == ["hello"])


async def test_who_enters_is_welcomed_once_and_only_within_the_platforms_time() -> None:
    door = MemoryDoor(texts={"welcome:zh": "您好！"})
    async with account(door, greeting="welcome") as house:
        async with pulling(house.channel):
            await house.platform.enter(KF, USER, scene="shop")
            await until(lambda: house.visitor.texts == ["您好！"])
            await house.platform.call(KF)
            await until(lambda: house.channel._puller._called == {})
        assert [type(signal) for signal in door.signals] == [LineOpened]
        door.book.pages.clear()
        async with pulling(house.channel):
            await until(lambda: f"looked:{OTHER_KF}" in door.book.pages)
        assert house.visitor.texts == ["您好！"]


async def test_what_failed_later_and_what_was_taken_back_become_signals() -> None:
    async with account() as house:
        first = house.platform.write(KF, USER, msgtype="text", text={"content": "oops"})
        house.platform.event(KF, USER, "user_recall_msg", recall_msgid=first)
        house.platform.event(KF, USER, "msg_send_fail", fail_msgid="pb0123456789abcdef01234567_1", fail_type=10)
        async with pulling(house.channel):
            await until(lambda: len(house.door.signals) == 3)
        _, recalled, receipt = house.door.signals
        assert isinstance(recalled, Recalled)
        assert recalled.provider == first == house.door.messages[0].provider
        assert isinstance(receipt, Receipt)
        assert (receipt.status, receipt.reason) == ("failed", "refused_by_customer")

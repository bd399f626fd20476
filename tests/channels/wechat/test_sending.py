"""Answers, files, signs and media through the customer-service interface of a platform that has a memory."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from channels import http_out, parts, wechat
from channels.contract import (
    Attachment,
    Done,
    EffectFailed,
    Fetch,
    LineRef,
    Send,
    TryLater,
    Typing,
    Undeliverable,
    Unsure,
)
from channels.parts import Progress
from channels.tencent import api
from channels.wechat import CAPABILITIES, sending
from channels.wechat.sending import PARTS_MAX, TEXT_BYTES_MAX
from tests.channels.door import MemoryDoor
from tests.channels.wechat.account import CUSTOMER, LINE, account, environment_of, send, settings_of
from tests.providers.faulty import Fault

SEND, TOKEN = "/cgi-bin/message/custom/send", "/cgi-bin/stable_token"
UPLOAD, GET = "/cgi-bin/media/upload", "/cgi-bin/media/get"
JPEG = Attachment(name="photo of my flat.jpg", media_type="image/jpeg", size_bytes=4, content=b"\xff\xd8\xff\xd9")


async def failed(channel: Any, effect: Any) -> EffectFailed:
    with pytest.raises(EffectFailed) as failure:
        await channel.perform(effect)
    return failure.value


async def test_an_answer_reaches_the_customer_in_plain_utf8() -> None:
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        assert await house.channel.perform(send("我们在。สวัสดี 😀 <a>")) == Done()
        assert house.platform.customer(CUSTOMER).texts == ["我们在。สวัสดี 😀 <a>"]


async def test_an_agents_account_at_wechat_is_named_where_it_is_set() -> None:
    async with account(kf_account="help@gh_1") as house:
        await house.platform.say(CUSTOMER, "hello")
        await house.channel.perform(send("hi"))
        assert house.platform.customer(CUSTOMER).heard[0]["customservice"] == {"kf_account": "help@gh_1"}


async def test_a_long_answer_is_split_between_characters_and_uses_the_quota() -> None:
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        text = "很长的回答。" * 300
        await house.channel.perform(send(text))
        customer = house.platform.customer(CUSTOMER)
        assert "".join(customer.texts) == text
        assert customer.quota == 5 - len(customer.texts)
        assert all(len(part.encode()) <= TEXT_BYTES_MAX for part in customer.texts)


async def test_the_longest_text_of_the_widest_characters_fits_what_one_message_allows() -> None:
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        text = ("😀" * 9 + " ") * (CAPABILITIES.text_chars_max // 10)
        await house.channel.perform(send(text))
        assert "".join(house.platform.customer(CUSTOMER).texts) == text


async def test_what_cannot_be_said_whole_is_refused_before_a_word_leaves() -> None:
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        pdf = Attachment(name="a.pdf", media_type="application/pdf", size_bytes=1, content=b"x")
        empty = Attachment(name="a.jpg", media_type="image/jpeg", size_bytes=1)
        refused = {
            "too_long": send("x" * (TEXT_BYTES_MAX * PARTS_MAX + 1)),
            "file_kind": send("see this", files=(pdf,)),
            "file_size": send("see this", files=(empty,)),
            "nothing_to_say": send(""),
            "address_unusable": Send(key="k", line=LineRef(channel="wechat", key="x"), text="hi"),
        }
        for reason, effect in refused.items():
            failure = await failed(house.channel, effect)
            assert (type(failure), failure.reason) == (Undeliverable, reason)
        assert house.platform.server.requests == []


async def test_a_picture_is_uploaded_under_a_name_of_ours_and_sent_after_the_words() -> None:
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        await house.channel.perform(send("see this", files=(JPEG,)))
        words, picture = house.platform.customer(CUSTOMER).heard
        assert words["text"]["content"] == "see this"
        assert house.platform.media[picture["image"]["media_id"]] == ("image/jpeg", JPEG.content)


@pytest.mark.parametrize(("media_type", "kind"), [("audio/mpeg", "voice"), ("video/mp4", "video")])
async def test_sounds_and_films_are_sent_as_such(media_type: str, kind: str) -> None:
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        file = Attachment(name="x", media_type=media_type, size_bytes=1, content=b"x" * 2_000_000)
        await house.channel.perform(send(files=(file,)))
        assert house.platform.customer(CUSTOMER).heard[0]["msgtype"] == kind


async def test_that_somebody_writes_is_shown_and_hidden() -> None:
    async with account() as house:
        for on in (True, False):
            await house.channel.perform(Typing(key="k", line=LINE, on=on))
        assert house.platform.customer(CUSTOMER).signs == ["Typing", "CancelTyping"]


# --- how it fails --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "way", "reason"),
    [
        (-1, TryLater, "provider_busy"),
        (40003, Undeliverable, "address_unknown"),
        (40164, TryLater, "ip_not_listed"),
        (45002, Undeliverable, "too_long"),
        (45009, TryLater, "daily_limit"),
        (45015, Undeliverable, "window_closed"),
        (45047, Undeliverable, "quota_used"),
        (48001, TryLater, "no_right"),
        (48002, Undeliverable, "blocked"),
        (99999, Undeliverable, "provider_99999"),
    ],
)
async def test_each_error_of_wechats_is_one_of_ours(code: int, way: type[EffectFailed], reason: str) -> None:
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        house.platform.errors["send"] = [code]
        failure = await failed(house.channel, send("hi"))
        assert (type(failure), failure.reason) == (way, reason)


async def test_the_window_and_the_quota_of_the_platform_are_said_by_name_and_opened_by_the_customer() -> None:
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        for number in range(5):
            await house.channel.perform(send(f"{number}", key=f"k{number}"))
        assert (await failed(house.channel, send("one too many"))).reason == "quota_used"
        await house.platform.say(CUSTOMER, "and?")
        await house.channel.perform(send("again"))
        house.door.at_ms += CAPABILITIES.reply_window_ms
        assert (await failed(house.channel, send("too late"))).reason == "window_closed"


async def test_who_has_left_or_was_never_there_is_not_reached() -> None:
    async with account() as house:
        assert (await failed(house.channel, send("hi"))).reason == "address_unknown"
        await house.platform.say(CUSTOMER, "hello")
        await house.platform.happen(CUSTOMER, "unsubscribe")
        assert (await failed(house.channel, send("hi"))).reason == "window_closed"


@pytest.mark.parametrize(
    ("fault", "way", "reason", "heard"),
    [
        (Fault(hang_up=True, after=True), Unsure, "provider_silent", 1),
        (Fault(status=404, body=b"<html>"), TryLater, "answer_unreadable", 0),
        (Fault(status=502), Unsure, "provider_502", 0),
        (Fault(status=200, body=b"<html>", after=True), Unsure, "answer_unreadable", 1),
        (Fault(status=503), TryLater, "provider_503", 0),
        (Fault(status=429), TryLater, "provider_429", 0),
    ],
)
async def test_a_broken_line_is_a_doubt_only_where_the_words_may_have_arrived(
    fault: Fault, way: type[EffectFailed], reason: str, heard: int
) -> None:
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        house.platform.server.will(SEND, fault)
        failure = await failed(house.channel, send("hi"))
        assert (type(failure), failure.reason) == (way, reason)
        assert len(house.platform.customer(CUSTOMER).heard) == heard


async def test_a_provider_that_is_away_is_asked_later_and_then_hears_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "REST_S", 0.0)
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        await house.platform.server.stop()
        failure = await failed(house.channel, send("hi"))
        assert (type(failure), failure.reason) == (TryLater, "provider_unreachable")
        await house.platform.server.start()
        await house.channel.perform(send("hi"))
        assert house.platform.customer(CUSTOMER).texts == ["hi"]


async def test_a_provider_that_does_not_answer_in_time_is_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_out, "CALL_S", 0.3)
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        house.platform.server.will(SEND, Fault(wait_s=5))
        failure = await failed(house.channel, send("hi"))
        assert (type(failure), failure.reason) == (Unsure, "provider_silent")


async def test_the_parts_that_have_left_are_not_said_again() -> None:
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        text = "x" * TEXT_BYTES_MAX + "y" * TEXT_BYTES_MAX + "z"
        house.platform.errors["send"] = [0, -1]
        assert (await failed(house.channel, send(text))).reason == "provider_busy"
        assert await Progress(house.door.book, "k1").read() == 1
        await house.channel.perform(send(text))
        assert "".join(house.platform.customer(CUSTOMER).texts) == text


async def test_an_answer_that_takes_too_long_to_say_whole_goes_on_at_the_next_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parts, "BEGIN_S_MAX", 0.0)
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        text = "x" * TEXT_BYTES_MAX + "y"
        assert (await failed(house.channel, send(text))).reason == "more_to_come"
        await house.channel.perform(send(text))
        assert house.platform.customer(CUSTOMER).texts == ["x" * TEXT_BYTES_MAX, "y"]


async def test_an_account_that_is_not_configured_keeps_answers_waiting() -> None:
    channel = wechat.build(wechat.Settings(), MemoryDoor(), {})
    failure = await failed(channel, send("hi"))
    assert (type(failure), failure.reason) == (TryLater, "not_configured")


# --- the token -----------------------------------------------------------------------------------------------


async def test_many_answers_at_once_fetch_one_token() -> None:
    async with account() as house:
        for number in range(20):
            await house.platform.say(f"o{number}", "hello")
        line = {number: LineRef(channel="wechat", key=f"o{number}", peer=f"o{number}") for number in range(20)}
        await asyncio.gather(
            *(house.channel.perform(Send(key=f"k{number}", line=line[number], text="hi")) for number in range(20))
        )
        assert house.platform.server.asked(TOKEN) == 1
        assert all(customer.texts == ["hi"] for customer in house.platform.customers.values())


async def test_the_token_outlives_the_process_in_the_book_and_is_renewed_before_its_end() -> None:
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        await house.channel.perform(send("one"))
        again = wechat.build(settings_of(house.platform), house.door, environment_of(house.platform))
        await again.perform(send("two", key="k2"))
        assert house.platform.server.asked(TOKEN) == 1
        house.door.at_ms += 7_200_000 - api.MARGIN_MS
        await again.perform(send("three", key="k3"))
        assert house.platform.server.asked(TOKEN) == 2
        assert house.platform.customer(CUSTOMER).texts == ["one", "two", "three"]


async def test_a_token_that_somebody_else_has_ended_is_renewed_once_and_the_answer_said_once() -> None:
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        await house.channel.perform(send("one"))
        house.platform.spoil_token()
        await asyncio.gather(*(house.channel.perform(send(f"{each}", key=f"k{each}")) for each in range(2, 5)))
        assert house.platform.server.asked(TOKEN) == 2
        assert house.platform.forced == 0
        assert sorted(house.platform.customer(CUSTOMER).texts) == ["2", "3", "4", "one"]


async def test_a_token_that_is_refused_although_wechat_gives_it_again_is_forced_and_not_too_often() -> None:
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        await house.channel.perform(send("one"))
        house.platform.errors["send"] = [42001]
        await house.channel.perform(send("two", key="k2"))
        assert house.platform.forced == 1
        house.platform.errors["send"] = [40014]
        failure = await failed(house.channel, send("three", key="k3"))
        assert (type(failure), failure.reason) == (TryLater, "token_refused")
        assert house.platform.forced == 1
        house.door.at_ms += api.FORCE_MS
        await house.channel.perform(send("three", key="k3"))
        assert house.platform.customer(CUSTOMER).texts == ["one", "two", "three"]


async def test_a_token_that_does_not_come_costs_all_who_wait_for_it_one_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_out, "CALL_S", 0.2)
    monkeypatch.setattr(api, "REST_S", 0.3)
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        house.platform.server.will(TOKEN, *[Fault(wait_s=5)] * 2)
        failures = await asyncio.gather(*(failed(house.channel, send("hi", key=f"k{each}")) for each in range(20)))
        assert {(type(each), each.reason) for each in failures} == {(TryLater, "provider_silent")}
        assert house.platform.server.asked(TOKEN) == 1
        house.platform.server.faults.clear()
        await asyncio.sleep(api.REST_S)
        monkeypatch.setattr(http_out, "CALL_S", 30.0)
        await house.channel.perform(send("hi"))
        assert house.platform.customer(CUSTOMER).texts == ["hi"]


@pytest.mark.parametrize(("change", "reason"), [("secret", "credentials_40125"), ("app_id", "credentials_40013")])
async def test_wrong_credentials_make_answers_wait_and_are_shown_nowhere(change: str, reason: str) -> None:
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        setattr(house.platform, change, "another")
        failure = await failed(house.channel, send("hi"))
        assert (type(failure), failure.reason) == (TryLater, reason)
        assert "secret-of-tests" not in repr(failure) + repr(house.channel) + repr(vars(house.channel))


async def test_a_book_with_strange_words_costs_one_token() -> None:
    async with account() as house:
        house.door.book.pages["token"] = "not a token"
        await house.platform.say(CUSTOMER, "hello")
        await house.channel.perform(send("hi"))
        assert house.platform.customer(CUSTOMER).texts == ["hi"]


# --- media ---------------------------------------------------------------------------------------------------


def fetch(source: str) -> Fetch:
    return Fetch(key="f", line=LINE, url=source)


async def test_a_picture_is_fetched_with_its_kind_and_size() -> None:
    async with account() as house:
        house.platform.media["media_1"] = ("image/jpeg", b"\xff\xd8")
        (file,) = (await house.channel.perform(fetch("media_1"))).files
        assert (file.media_type, file.content, file.size_bytes) == ("image/jpeg", b"\xff\xd8", 2)


async def test_a_film_comes_by_an_address_of_the_platforms_own_and_from_nowhere_else() -> None:
    async with account() as house:
        house.platform.films["film_1"] = b"film"
        (file,) = (await house.channel.perform(fetch("film_1"))).files
        assert (file.media_type, file.content) == ("video/mp4", b"film")
        elsewhere = wechat.build(
            settings_of(house.platform, media_hosts=("qq.com",)), house.door, environment_of(house.platform)
        )
        assert (await failed(elsewhere, fetch("film_1"))).reason == "media_unusable"


@pytest.mark.parametrize(
    ("source", "reason"), [("gone", "media_gone"), ("../x", "media_unusable"), ("https://a.example/", "media_unusable")]
)
async def test_a_medium_that_is_gone_or_none_is_never_asked_for_again(source: str, reason: str) -> None:
    async with account() as house:
        failure = await failed(house.channel, fetch(source))
        assert (type(failure), failure.reason) == (Undeliverable, reason)


async def test_a_medium_beyond_the_limit_is_not_taken_and_a_broken_line_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "MEDIA_BYTES_MAX", 1_000)
    async with account() as house:
        house.platform.media["media_1"] = ("image/jpeg", b"x" * 1_001)
        assert (await failed(house.channel, fetch("media_1"))).reason == "answer_too_large"
        house.platform.server.will(GET, Fault(hang_up=True), Fault(hang_up=True))
        assert isinstance(await failed(house.channel, fetch("media_1")), TryLater)


async def test_a_picture_whose_upload_fails_leaves_the_words_said_once() -> None:
    async with account() as house:
        await house.platform.say(CUSTOMER, "hello")
        house.platform.server.will(UPLOAD, Fault(hang_up=True))
        effect = send("see this", files=(JPEG,))
        assert isinstance(await failed(house.channel, effect), TryLater)
        await house.channel.perform(effect)
        assert [said["msgtype"] for said in house.platform.customer(CUSTOMER).heard] == ["text", "image"]

"""Answers and files through a Weibo that has a memory."""

from __future__ import annotations

from typing import Any

import pytest

from channels import weibo
from channels.contract import Attachment, Done, EffectFailed, Fetch, LineRef, Send, TryLater, Undeliverable, Unsure
from channels.weibo import CAPABILITIES
from channels.weibo.sending import PARTS_MAX, TEXT_CHARS_MAX
from tests.channels.door import MemoryDoor
from tests.channels.vectors.reading import vectors
from tests.channels.weibo.account import FAN, LINE, account, send
from tests.providers.faulty import Fault

REPLY = "/2/messages/reply.json"


async def failed(channel: Any, effect: Any) -> EffectFailed:
    with pytest.raises(EffectFailed) as failure:
        await channel.perform(effect)
    return failure.value


async def test_an_answer_arrives_as_it_was_written() -> None:
    async with account() as house:
        await house.platform.say(FAN, "hello")
        assert await house.channel.perform(send("纯文本 100% + & = 😀")) == Done()
        assert house.platform.fan(FAN).texts == ["纯文本 100% + & = 😀"]


async def test_the_form_is_encoded_once_as_in_the_vendors_sample() -> None:
    sample = vectors("weibo")["weibo-official-form-double-encoding"]
    async with account() as house:
        await house.platform.say(FAN, "hello")
        await house.channel.perform(send(sample["inputs"]["text"]))
        wanted = sample["expected"]["raw_form_body"].partition("data=")[2]
        assert f"data={wanted}&".encode() in house.platform.raw[0] + b"&"


async def test_a_long_answer_comes_in_parts_and_goes_on_where_it_was_broken_off() -> None:
    async with account() as house:
        await house.platform.say(FAN, "hello")
        text = "很长的回答。" * (CAPABILITIES.text_chars_max // 6)
        house.platform.errors = [0, 0, 10009]
        failure = await failed(house.channel, send(text))
        assert (type(failure), failure.reason) == (TryLater, "provider_busy")
        await house.channel.perform(send(text))
        assert "".join(house.platform.fan(FAN).texts) == text


async def test_what_cannot_be_said_whole_is_refused_before_a_word_leaves() -> None:
    async with account() as house:
        picture = Attachment(name="a.jpg", media_type="image/jpeg", size_bytes=1, content=b"x")
        refused = {
            "too_long": send("x" * (TEXT_CHARS_MAX * PARTS_MAX + 1)),
            "file_kind": send("see", files=(picture,)),
            "nothing_to_say": send(""),
            "address_unusable": Send(key="k", line=LineRef(channel="weibo", key="x", peer="x"), text="hi"),
        }
        for reason, effect in refused.items():
            failure = await failed(house.channel, effect)
            assert (type(failure), failure.reason) == (Undeliverable, reason)
        assert house.platform.server.requests == []


@pytest.mark.parametrize(
    ("code", "way", "reason"),
    [
        (10009, TryLater, "provider_busy"),
        (10023, TryLater, "rate_limit"),
        (21327, TryLater, "token_expired"),
        (21332, TryLater, "token_refused"),
        (10014, TryLater, "no_right"),
        (10008, Undeliverable, "provider_10008"),
    ],
)
async def test_each_error_of_weibos_is_one_of_ours(code: int, way: type[EffectFailed], reason: str) -> None:
    async with account() as house:
        await house.platform.say(FAN, "hello")
        house.platform.errors = [code]
        failure = await failed(house.channel, send("hi"))
        assert (type(failure), failure.reason) == (way, reason)


async def test_after_the_window_or_to_who_has_left_nothing_is_delivered() -> None:
    async with account() as house:
        await house.platform.say(FAN, "hello")
        house.door.at_ms += CAPABILITIES.reply_window_ms
        assert isinstance(await failed(house.channel, send("late")), Undeliverable)
        await house.platform.say(FAN, "again")
        await house.platform.happen(FAN, "unfollow")
        assert isinstance(await failed(house.channel, send("gone")), Undeliverable)


@pytest.mark.parametrize(
    ("fault", "way", "reason"),
    [
        (Fault(hang_up=True, after=True), Unsure, "provider_silent"),
        (Fault(status=404, body=b"<html>"), TryLater, "answer_unreadable"),
        (Fault(status=502), Unsure, "provider_502"),
        (Fault(status=200, body=b"<html>"), Unsure, "answer_unreadable"),
        (Fault(status=200, body=b'{"result": false}'), Undeliverable, "refused"),
        (Fault(status=503), TryLater, "provider_503"),
    ],
)
async def test_a_broken_line_is_a_doubt_only_where_the_words_may_have_arrived(
    fault: Fault, way: type[EffectFailed], reason: str
) -> None:
    async with account() as house:
        await house.platform.say(FAN, "hello")
        house.platform.server.will(REPLY, fault)
        failure = await failed(house.channel, send("hi"))
        assert (type(failure), failure.reason) == (way, reason)
        assert house.platform.access_token not in repr(failure)


async def test_a_provider_that_is_away_is_asked_later() -> None:
    async with account() as house:
        await house.platform.say(FAN, "hello")
        await house.platform.server.stop()
        assert (await failed(house.channel, send("hi"))).reason == "provider_unreachable"
        await house.platform.server.start()
        await house.channel.perform(send("hi"))
        assert house.platform.fan(FAN).texts == ["hi"]


async def test_an_account_that_is_not_configured_keeps_answers_waiting() -> None:
    failure = await failed(weibo.build(weibo.Settings(), MemoryDoor(), {}), send("hi"))
    assert (type(failure), failure.reason) == (TryLater, "not_configured")


async def test_a_picture_is_fetched_by_the_number_for_its_receiver() -> None:
    async with account() as house:
        house.platform.files["821804469"] = ("image/jpeg", b"\xff\xd8")
        (file,) = (await house.channel.perform(Fetch(key="f", line=LINE, url="821804469"))).files
        assert (file.media_type, file.content, file.size_bytes) == ("image/jpeg", b"\xff\xd8", 2)


@pytest.mark.parametrize(("source", "reason"), [("1", "media_gone"), ("../1", "media_unusable")])
async def test_a_file_that_is_gone_or_none_is_never_asked_for_again(source: str, reason: str) -> None:
    async with account() as house:
        failure = await failed(house.channel, Fetch(key="f", line=LINE, url=source))
        assert (type(failure), failure.reason) == (Undeliverable, reason)

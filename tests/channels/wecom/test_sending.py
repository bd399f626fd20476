"""Answers, files and media through a WeCom that keeps sessions and message ids."""

from __future__ import annotations

from typing import Any

import pytest

from channels import parts as parts_module
from channels import wecom
from channels.contract import Attachment, EffectFailed, Fetch, LineRef, Send, TryLater, Undeliverable, Unsure
from channels.wecom import CAPABILITIES
from channels.wecom.sending import PARTS_MAX, TEXT_BYTES_MAX, message_id
from tests.channels.door import MemoryDoor
from tests.channels.wecom.account import KF, LINE, USER, account, environment_of, send, settings_of
from tests.providers.faulty import Fault
from tests.providers.wecom import ENDED, MSGID_CHARS_MAX, OURS, POOL, STAFF

SEND = "/cgi-bin/kf/send_msg"
PDF = Attachment(name='发票 "7".pdf', media_type="application/pdf", size_bytes=9, content=b"%PDF-1.7\n")
JPEG = Attachment(name="a.jpg", media_type="image/jpeg", size_bytes=5, content=b"\xff\xd8\xff\xd9.")


async def failed(channel: Any, effect: Any) -> EffectFailed:
    with pytest.raises(EffectFailed) as failure:
        await channel.perform(effect)
    return failure.value


def wrote(house: Any) -> None:
    house.platform.write(KF, USER, msgtype="text", text={"content": "hello"})


async def test_an_answer_arrives_under_an_id_of_ours() -> None:
    async with account() as house:
        wrote(house)
        done = await house.channel.perform(send("我们在 😀"))
        assert house.visitor.texts == ["我们在 😀"]
        assert done.provider == message_id("k1")
        assert house.visitor.heard[0]["msgid"] == message_id("k1", 1)


def test_an_id_has_at_most_what_the_platform_takes_and_differs_by_part() -> None:
    ids = {message_id("k" * 99, part) for part in range(1, PARTS_MAX + 1)}
    assert len(ids) == PARTS_MAX
    assert all(len(each) <= MSGID_CHARS_MAX for each in ids)


async def test_words_pictures_and_documents_go_as_what_they_are() -> None:
    async with account() as house:
        wrote(house)
        await house.channel.perform(send("see these", files=(JPEG, PDF)))
        assert [said["msgtype"] for said in house.visitor.heard] == ["text", "image", "file"]
        sent = house.platform.media[house.visitor.heard[2]["file"]["media_id"]]
        assert sent == ("application/pdf", PDF.name, PDF.content)


async def test_after_a_lost_answer_the_repeat_is_known_by_its_id_and_nobody_sees_it_twice() -> None:
    async with account() as house:
        wrote(house)
        house.platform.server.will(SEND, Fault(hang_up=True, after=True))
        assert isinstance(await failed(house.channel, send("hi")), Unsure)
        again = wecom.build(settings_of(house.platform), house.door, environment_of(house.platform))
        await again.perform(send("hi"))
        assert house.visitor.texts == ["hi"]


async def test_what_was_taken_before_a_crash_is_known_after_it() -> None:
    async with account() as house:
        wrote(house)
        for _ in range(2):
            assert (await house.channel.perform(send("hi"))).provider == message_id("k1")
        assert house.visitor.texts == ["hi"]


async def test_an_id_that_is_refused_at_the_first_try_is_an_error() -> None:
    async with account() as house:
        wrote(house)
        house.platform.errors["send"] = [40058]
        failure = await failed(house.channel, send("hi"))
        assert (type(failure), failure.reason) == (Undeliverable, "provider_40058")


async def test_the_parts_that_have_left_are_not_said_again() -> None:
    async with account() as house:
        wrote(house)
        text = "x" * TEXT_BYTES_MAX + "y" * TEXT_BYTES_MAX + "z"
        house.platform.server.will(SEND, Fault(status=0), Fault(hang_up=True, after=True))
        assert isinstance(await failed(house.channel, send(text)), Unsure)
        await house.channel.perform(send(text))
        assert "".join(house.visitor.texts) == text


async def test_an_answer_that_takes_too_long_goes_on_at_the_next_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "BEGIN_S_MAX", 0.0)
    async with account() as house:
        wrote(house)
        text = "x" * TEXT_BYTES_MAX + "y" * TEXT_BYTES_MAX + "z"
        for _ in range(2):
            assert (await failed(house.channel, send(text))).reason == "more_to_come"
        await house.channel.perform(send(text))
        assert "".join(house.visitor.texts) == text


@pytest.mark.parametrize(("state", "reached"), [(OURS, True), (POOL, True), (STAFF, False), (ENDED, False)])
async def test_a_session_is_taken_into_our_hands_where_it_may_be(state: int, reached: bool) -> None:
    async with account() as house:
        wrote(house)
        house.visitor.state = state
        if reached:
            await house.channel.perform(send("hi"))
            assert (house.visitor.texts, house.visitor.state) == (["hi"], OURS)
        else:
            failure = await failed(house.channel, send("hi"))
            assert (type(failure), failure.reason) == (Undeliverable, "session_not_ours")


@pytest.mark.parametrize(
    ("code", "way", "reason"),
    [
        (-1, TryLater, "provider_busy"),
        (45009, TryLater, "daily_limit"),
        (60020, TryLater, "ip_not_listed"),
        (95000, Undeliverable, "account_unknown"),
        (95011, TryLater, "not_managed_here"),
        (99999, Undeliverable, "provider_99999"),
    ],
)
async def test_each_error_of_wecoms_is_one_of_ours(code: int, way: type[EffectFailed], reason: str) -> None:
    async with account() as house:
        wrote(house)
        house.platform.errors["send"] = [code]
        failure = await failed(house.channel, send("hi"))
        assert (type(failure), failure.reason) == (way, reason)


async def test_the_window_and_the_quota_are_said_by_name_and_opened_by_the_customer() -> None:
    async with account() as house:
        wrote(house)
        for number in range(5):
            await house.channel.perform(send(f"{number}", key=f"k{number}"))
        assert (await failed(house.channel, send("more", key="k5"))).reason == "quota_used"
        wrote(house)
        await house.channel.perform(send("again", key="k6"))
        house.door.at_ms += CAPABILITIES.reply_window_ms
        assert (await failed(house.channel, send("late", key="k7"))).reason == "window_closed"


async def test_what_cannot_be_said_whole_is_refused_before_a_word_leaves() -> None:
    async with account() as house:
        empty = Attachment(name="a", media_type="text/plain", size_bytes=1, content=b"x")
        refused = {
            "too_long": send("x" * (TEXT_BYTES_MAX * PARTS_MAX + 1)),
            "file_size": send("see", files=(empty,)),
            "nothing_to_say": send(""),
            "address_unusable": Send(key="k", line=LineRef(channel="wecom", key="x", peer="x"), text="hi"),
        }
        for reason, effect in refused.items():
            failure = await failed(house.channel, effect)
            assert (type(failure), failure.reason) == (Undeliverable, reason)
        assert house.platform.server.requests == []


async def test_the_token_is_renewed_once_when_it_is_refused() -> None:
    async with account() as house:
        wrote(house)
        await house.channel.perform(send("one"))
        house.platform.spoil_token()
        await house.channel.perform(send("two", key="k2"))
        assert house.visitor.texts == ["one", "two"]
        assert house.platform.server.asked("/cgi-bin/gettoken") == 2


async def test_wrong_credentials_make_answers_wait_and_are_shown_nowhere() -> None:
    async with account() as house:
        house.platform.secret = "another"
        failure = await failed(house.channel, send("hi"))
        assert (type(failure), failure.reason) == (TryLater, "credentials_40001")
        assert "secret-of-tests" not in repr(failure) + repr(house.channel)


async def test_without_settings_answers_wait() -> None:
    failure = await failed(wecom.build(wecom.Settings(), MemoryDoor(), {}), send("hi"))
    assert (type(failure), failure.reason) == (TryLater, "not_configured")


async def test_a_file_is_fetched_with_its_name_and_is_not_taken_for_an_answer() -> None:
    async with account() as house:
        content = b'{"errcode": 40014, "errmsg": "a file of a customer"}'
        house.platform.media["m1"] = ("application/octet-stream", "answer.json", content)
        (file,) = (await house.channel.perform(Fetch(key="f", line=LINE, url="m1"))).files
        assert (file.name, file.content) == ("answer.json", content)
        assert house.platform.server.asked("/cgi-bin/gettoken") == 1


@pytest.mark.parametrize(("source", "reason"), [("gone", "media_gone"), ("../x", "media_unusable")])
async def test_a_file_that_is_gone_or_none_is_never_asked_for_again(source: str, reason: str) -> None:
    async with account() as house:
        failure = await failed(house.channel, Fetch(key="f", line=LINE, url=source))
        assert (type(failure), failure.reason) == (Undeliverable, reason)

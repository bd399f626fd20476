"""Chat over real sockets: sending once, resume without gaps or doubles, tabs, receipts."""

from __future__ import annotations

import pytest

from channels.chat import conversation
from channels.contract import RATING_PROMPT, CopyAsked, KeyPressed, LineItem, LineRef, Receipt, Standing
from tests.channels.door import MemoryDoor
from tests.channels.tabs import house, line_of, said, tab, token_of, until

# --- sending ------------------------------------------------------------------------------------------------


async def test_what_is_sent_is_kept_accepted_and_comes_back_with_its_number() -> None:
    async with house() as (client, door, _):
        token = await token_of(client, name="Ann", email="ann@example.org", language="en")
        async with tab(client, token) as one:
            await one.says(type="send", client_msg_id="abcdefgh", text=" Hello\r\nthere ")
            accepted = await one.hears("accepted", client_msg_id="abcdefgh")
        (message,) = door.messages
    assert accepted["reference"] == "PB-00001"
    assert (message.text, message.name, message.language) == ("Hello\nthere", "Ann", "en")
    assert [(i.kind, i.value, i.verified) for i in message.identities] == [("email", "ann@example.org", "")]
    assert one.texts in ([], ["Hello\nthere"])


async def test_the_same_id_twice_is_one_message_also_over_two_sockets() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        async with tab(client, token) as one, tab(client, token) as two:
            for each in (one, one, two):
                await each.says(type="send", client_msg_id="abcdefgh", text="Hello")
                await each.hears("accepted")
    assert [message.text for message in door.messages] == ["Hello"]


async def test_a_closed_letterbox_is_said_and_the_same_id_goes_through_later() -> None:
    async with house(MemoryDoor(closed=True)) as (client, door, _), tab(client, await token_of(client)) as one:
        await one.says(type="send", client_msg_id="abcdefgh", text="Hello")
        assert (await one.hears("error"))["code"] == "later"
        door.closed = False
        await one.says(type="send", client_msg_id="abcdefgh", text="Hello")
        await one.hears("accepted")
    assert len(door.messages) == 1


async def test_a_decision_that_takes_long_does_not_hold_the_acceptance_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conversation, "DECISION_WAIT_MS", 50)
    async with house(MemoryDoor(deciding=False)) as (client, _, _), tab(client, await token_of(client)) as one:
        await one.says(type="send", client_msg_id="abcdefgh", text="Hello")
        assert (await one.hears("accepted"))["reference"] == ""


@pytest.mark.parametrize("text", ["全角　空格", "👩‍👩‍👧 family", "می‌خواهم", "ไทย\u200bคำ", "a\tb", "price 5\u00a0€"])
async def test_every_script_and_sign_arrives_as_it_was_typed(text: str) -> None:
    async with house() as (client, door, _):
        await said(client, door, await token_of(client), text)
    assert door.messages[0].text == text


async def test_nothing_but_blanks_is_no_message() -> None:
    async with house() as (client, door, _), tab(client, await token_of(client)) as one:
        await one.says(type="send", client_msg_id="abcdefgh", text=" \n\x00 ")
        assert (await one.hears("error"))["code"] == "empty"
    assert door.messages == []


# --- how it was ---------------------------------------------------------------------------------------------


def keys_of(door: MemoryDoor) -> list[KeyPressed]:
    return [each.signal for each in door.letters if isinstance(each.signal, KeyPressed)]


async def test_a_rating_is_kept_once_and_a_second_thought_is_another() -> None:
    async with house() as (client, door, _), tab(client, await token_of(client)) as one:
        for score in (4, 4, 5):
            await one.says(type="rate", item=7, score=score)
            assert (await one.hears("rated", score=score))["item"] == 7
    words = [(key.prompt, key.keys, key.item) for key in keys_of(door)]
    assert words == [(RATING_PROMPT, "4", 7), (RATING_PROMPT, "5", 7)]


@pytest.mark.parametrize("score", [0, 6, "5", None])
async def test_what_is_no_score_is_a_bad_frame(score: object) -> None:
    async with house() as (client, door, _), tab(client, await token_of(client)) as one:
        await one.says(type="rate", item=7, score=score)
        assert (await one.hears("error"))["code"] == "bad_frame"
    assert keys_of(door) == []


async def test_a_rating_that_cannot_be_kept_is_said_so() -> None:
    async with house(MemoryDoor(closed=True)) as (client, _, _), tab(client, await token_of(client)) as one:
        await one.says(type="rate", item=7, score=4)
        assert (await one.hears("error"))["code"] == "later"


# --- resume -------------------------------------------------------------------------------------------------


async def test_resume_brings_what_was_missed_once_and_in_order() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        line = await said(client, door, token)
        first = (await door.line_items(line, after=0, limit=1))[0].seq
        missed = [door.happen(line, kind="out", message=number, text=f"reply {number}") for number in range(450)]
        async with tab(client, token, last_seq=first) as one:
            await one.hears("msg", seq=missed[-1].seq)
    assert one.texts == [f"reply {number}" for number in range(450)]


async def test_what_happens_between_following_and_reading_comes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        line = await said(client, door, token)
        read = door.line_items

        async def slow_read(asked: LineRef, *, after: int, limit: int) -> list[LineItem]:
            before = await read(asked, after=after, limit=limit)
            door.happen(line, kind="out", message=7, text="in between")
            monkeypatch.setattr(door, "line_items", read)
            return before

        monkeypatch.setattr(door, "line_items", slow_read)
        async with tab(client, token) as one:
            await one.hears("msg", text="in between")
            door.happen(line, kind="out", message=8, text="the end")
            await one.hears("msg", text="the end")
    assert one.texts == ["Hello", "in between", "the end"]


async def test_after_an_overrun_the_line_is_read_again_without_gaps_or_doubles() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        line = await said(client, door, token)
        async with tab(client, token) as one:
            await one.hears("msg", text="Hello")
            for number in range(5):
                door.happen(line, kind="out", message=number, text=f"{number}")
                door.overrun_all()
            await one.hears("msg", text="4")
    assert one.texts == ["Hello", "0", "1", "2", "3", "4"]


async def test_a_number_of_a_lost_time_is_answered_by_a_reset_and_everything_there_is() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        line = await said(client, door, token)
        door.forget_lines()
        door.happen(line, kind="out", message=1, text="restored")
        async with tab(client, token, last_seq=5_000) as one:
            await one.hears("reset")
            await one.hears("msg", text="restored")


async def test_all_tabs_get_everything() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        async with tab(client, token) as one, tab(client, token) as two:
            await one.says(type="send", client_msg_id="abcdefgh", text="Hello")
            await two.hears("msg", text="Hello", client_msg_id="abcdefgh")
            door.happen(line_of(door), kind="out", message=9, text="Hi", author="Bára")
            for each in (one, two):
                assert (await each.hears("msg", kind="out"))["author"] == "Bára"


async def test_a_visitor_never_sees_another_line() -> None:
    async with house() as (client, door, _):
        await said(client, door, await token_of(client), "secret words")
        async with tab(client, await token_of(client)) as other:
            await other.says(type="send", client_msg_id="abcdefgh", text="mine")
            await other.hears("msg", text="mine")
    assert other.texts == ["mine"]


async def test_a_copy_is_asked_for_once_and_only_where_something_can_send_it() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        item = door.happen(await said(client, door, token), kind="out", message=9, text="Hi").seq
        async with tab(client, token) as one:
            await one.says(type="copy", item=item, to="Mia@example.com ")
            await one.hears("error", code="email")
            door.copies = True
            for to in ("nobody", "Mia@example.com ", "mia@example.com"):
                await one.says(type="copy", item=item, to=to)
            await one.hears("error", code="email")
            for _ in range(2):
                assert (await one.hears("copied"))["item"] == item
            for _ in range(2):
                await one.says(type="copy", item=item, to="mia@example.com")
            await one.hears("error", code="slow_down")
        asked = [each for each in door.signals if isinstance(each, CopyAsked)]
    assert [(each.line, each.item, each.to) for each in asked] == [(line_of(door), item, "mia@example.com")]


async def test_words_beside_a_rating_are_kept_once_and_bounded() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        item = door.happen(await said(client, door, token), kind="status", state="closed").seq
        async with tab(client, token) as one:
            for text in ("Too slow.", "Too slow,\nbut \u202ekind."):
                await one.says(type="remark", item=item, text=text)
                assert (await one.hears("remarked"))["item"] == item
            for text in ("", "x" * 1_001):
                await one.says(type="remark", item=item, text=text)
                await one.hears("error", code="bad_frame")
            door.closed = True
            await one.says(type="remark", item=item, text="lost")
            await one.hears("error", code="later")
    assert list(door.remarks) == [(line_of(door), item)]
    assert door.remarks[line_of(door), item].startswith("Too slow,\nbut")


async def test_typing_goes_both_ways_and_states_are_told() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        line = await said(client, door, token)
        async with tab(client, token) as one:
            await one.says(type="typing", on=True)
            await until(lambda: door.typed)
            door.sign(line, True)
            assert (await one.hears("typing"))["on"] is True
            door.happen(line, kind="status", state="active", author="Bára")
            assert (await one.hears("status"))["author"] == "Bára"
    assert door.typed == [(line.key, True)]


async def test_a_reply_that_was_shown_is_receipted_once_and_nothing_else_is() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        line = await said(client, door, token)
        item = door.happen(line, kind="out", message=41, text="Hi")
        async with tab(client, token) as one:
            await one.hears("msg", kind="out")
            for message in (41, 41, 99, 0):
                await one.says(type="ack", seq=item.seq, message=message)
            await one.says(type="send", client_msg_id="zzzzzzzz", text="after")
            await one.hears("accepted")
    receipts = [signal for signal in door.signals if isinstance(signal, Receipt)]
    assert [(receipt.provider, receipt.status) for receipt in receipts] == [("41", "read")]


# --- waiting ------------------------------------------------------------------------------------------------


async def test_who_waits_is_told_the_place_and_a_range_of_minutes_and_when_it_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conversation, "STANDING_EVERY_S", 0.01)
    async with house() as (client, door, _):
        token = await token_of(client)
        line = (await said(client, door, token)).key
        door.standings[line] = Standing(place=4, low_ms=200_000, high_ms=280_000, basis="pace")
        async with tab(client, token) as one:
            told = await one.hears("standing", place=4)
            assert (told["low_minutes"], told["high_minutes"]) == (3, 5)
            door.standings[line] = Standing(place=1)
            told = await one.hears("standing", place=1)
            assert (told["low_minutes"], told["high_minutes"]) == (0, 0)

"""What a channel sees of the router: lines followed without a gap, texts, hours, secrets, a notebook."""

from __future__ import annotations

import asyncio
import time
from typing import NoReturn

import pytest

from channels import contract as sig
from channels.contract import LineItem
from router.core import commands as cmd
from router.outbox.hub import ITEMS_MAX, STATES, LineFollow
from router.store.limits import VISIBLE_ON_LINE
from router.store.port import Account
from tests.floor.house import SITE, House, wrote

LINE = wrote("x").line


async def take(follow: LineFollow, count: int) -> list[LineItem]:
    return [await asyncio.wait_for(anext(follow), 60) for _ in range(count)]


async def serve(house: House) -> None:
    await house.store.accounts.add(SITE, Account(id=0, login="ana", name="Ana", role="agent", password=""))
    house.start("intake", "hub")
    await asyncio.sleep(0)
    await house.agent()


async def test_a_line_followed_before_its_first_word_hears_everything(house: House) -> None:
    await serve(house)
    door = house.door("push")
    follow = door.follow(LINE)
    await door.accept([wrote("hello", extra={"client": "c1"})])
    heard = await take(follow, 2)
    assert [(item.kind, item.text, item.state, item.client) for item in heard] == [
        ("in", "hello", "", "c1"),
        ("status", "", "waiting", ""),
    ]
    await house.accept_offer(1)
    await house.say(1, "good day")
    accepted, reply = await take(follow, 2)
    assert (accepted.state, accepted.author) == ("active", "Ana")
    assert (reply.kind, reply.text, reply.author) == ("out", "good day", "Ana")
    await house.made(cmd.Close(id="c", agent=1, conv=1, disposition="done"))
    assert (await take(follow, 1))[0].state == "closed"
    follow.close()


def test_every_state_that_is_told_can_be_read_from_the_archive() -> None:
    assert set(STATES) <= set(VISIBLE_ON_LINE)


async def test_who_writes_to_a_parked_conversation_hears_that_its_agent_is_there(house: House) -> None:
    await serve(house)
    door = house.door("push")
    follow = door.follow(LINE)
    await door.accept([wrote("hello")])
    await take(follow, 2)
    await house.accept_offer(1)
    await house.made(cmd.Park(id="park", agent=1, conv=1))
    await door.accept([wrote("are you there?")])
    heard = [(item.kind, item.state) for item in await take(follow, 4)]
    assert heard == [("status", "active"), ("status", "parked"), ("in", ""), ("status", "active")]
    follow.close()


async def test_what_was_followed_and_what_the_archive_has_are_the_same(house: House) -> None:
    await serve(house)
    door = house.door("push")
    follow = door.follow(LINE)
    for n in range(5):
        await door.accept([wrote(f"message {n}")])
    live = await take(follow, 6)
    stored = await door.line_items(LINE, after=0, limit=100)
    assert live == stored
    assert await door.line_items(LINE, after=stored[2].seq, limit=100) == stored[3:]
    follow.close()


async def test_a_line_does_not_hear_its_neighbours_nor_notes(house: House) -> None:
    await serve(house)
    door = house.door("push")
    mine, other = door.follow(LINE), door.follow(wrote("x", key="other").line)
    await door.accept([wrote("hello")])
    await take(mine, 2)
    await house.accept_offer(1)
    note = (await house.store.archive.write(SITE, [_note("the customer is rude")]))[0]
    await house.made(cmd.Note(id="n", agent=1, conv=1, message=note))
    await house.say(1, "good day")
    assert [item.kind for item in await take(mine, 2)] == ["status", "out"]
    await door.accept([wrote("me too", key="other")])
    assert (await take(other, 1))[0].text == "me too"
    mine.close()
    other.close()
    assert [item async for item in mine] == []


def _note(text: str):  # type: ignore[no-untyped-def]
    from router.store.port import Body

    return Body(direction="note", author="agent:1", kind="note", text=text, created_ms=1)


async def test_a_line_known_from_an_earlier_life_is_followed_after_it_was_read(house: House) -> None:
    await serve(house)
    await house.door("push").accept([wrote("hello")])
    while not house.floor.state.convs:
        await asyncio.sleep(0.01)
    await house.accept_offer(1)
    await house.stop()
    later = House(house.folder, house.store, house.clock)
    await later.lead("n1")
    later.start("hub")
    await asyncio.sleep(0)
    door = later.door("push")
    follow = door.follow(LINE)
    seen = await door.line_items(LINE, after=0, limit=100)
    assert [item.kind for item in seen] == ["in", "status", "status"]
    await later.say(1, "still here")
    assert (await take(follow, 1))[0].text == "still here"
    follow.close()
    await later.stop()


class NotWalked(dict[int, int]):
    def __iter__(self) -> NoReturn:
        raise AssertionError("whoever leaves looks through nobody else's lines")

    items = values = keys = __iter__  # type: ignore[assignment]


async def test_who_leaves_looks_through_nobody_elses_lines(house: House) -> None:
    """Thousands of chats leave at once when a node stops; each must cost the same."""
    house.start("intake", "hub")
    door = house.door("push")
    for key in ("k1", "k2"):
        [accepted] = await door.accept([wrote("hello", key=key)])
        assert await door.decided(accepted.letter, wait_ms=30_000) is not None
    first, second = (house.hub.follow(wrote("x", key=key).line) for key in ("k1", "k2"))
    house.hub._lines_of = NotWalked(house.hub._lines_of)
    first.close()
    assert dict.keys(house.hub._lines_of) == {2}
    second.close()
    assert (len(house.hub._lines_of), len(house.hub._convs_on)) == (0, 0)


async def test_a_follower_that_does_not_read_overruns_and_may_resume(house: House) -> None:
    left: list[LineFollow] = []
    follow = LineFollow(LINE, left.append)
    follow.give(LineItem(seq=n, kind="in", at=n) for n in range(ITEMS_MAX + 1))
    assert follow.overrun
    assert [item async for item in follow] == []
    assert left == [follow]


async def test_typing_passes_both_ways_and_is_never_written(house: House) -> None:
    await serve(house)
    door = house.door("push")
    await door.accept([wrote("hello")])
    while not house.floor.state.convs:
        await asyncio.sleep(0.01)
    follow = door.follow(LINE)
    heard: list[tuple[int, bool]] = []
    end = house.signs.hear(lambda line, on: heard.append((line, on)))
    before = house.floor.position
    door.typing(LINE, True)
    house.signs.tell(house.floor.state.convs[1].line, True)
    assert heard == [(house.floor.state.convs[1].line, True)]
    sign = (await take(follow, 1))[0]
    assert (sign.kind, sign.state, sign.seq) == ("status", "typing", 0)
    assert house.floor.position == before
    end()
    follow.close()


async def test_an_answer_to_a_closed_queue_says_when_it_opens_and_what_the_notice_said(house: House) -> None:
    await serve(house)
    door = house.door("push")
    follow = door.follow(LINE)
    letter = (await door.accept([wrote("night")]))[0].letter
    answer = await door.decided(letter, wait_ms=5_000)
    assert answer is not None
    assert (answer.state, answer.queue) == ("deferred", "night")
    notice = (await take(follow, 2))[1]
    assert (notice.kind, notice.notice, notice.text) == ("notice", "off-hours", "We are closed.")
    follow.close()


async def test_a_decision_that_takes_longer_is_not_waited_for(house: House) -> None:
    door = house.door("push")
    letter = (await door.accept([wrote("hello")]))[0].letter
    assert await door.decided(letter, wait_ms=20) is None


async def test_texts_hours_secrets_and_the_notebook_are_at_hand(house: House) -> None:
    door, other = house.door("push"), house.door("call")
    assert door.text("closed", "th").endswith("Your number is {reference}.")
    assert door.text("no such notice", "en") == ""
    assert door.opening("general")[0] is True
    assert door.opening("never") == (False, 0)
    assert not door.is_free("general", "chat"), "nobody is signed in"
    assert len(door.secret("token")) == 32
    assert door.secret("token") != other.secret("token")
    assert door.secret("token") != door.secret("verp")
    assert door.public_url == "https://desk.example"
    await door.book.note("cursor", "7")
    assert await door.book.read("cursor") == "7"
    assert await other.book.read("cursor") is None


async def test_who_slept_past_the_lease_of_its_link_moves_no_cursor_and_still_takes_letters(house: House) -> None:
    """Another node has the link, and has read on from the cursor: set back, it would read everything once more."""
    door = house.door("push")
    door.hold(time.monotonic() + 60)
    await door.accept([wrote("one")], {"cursor": "1"})
    door.hold(time.monotonic() - 0.001)
    for moving in (
        door.accept([wrote("two")], {"cursor": "2"}),
        door.book.note("cursor", "2"),
        door.book.replace("cursor", old="1", new="2"),
    ):
        with pytest.raises(sig.LetterboxClosed):
            await moving
    assert await door.book.read("cursor") == "1"
    [accepted] = await door.accept([wrote("two")])
    assert accepted.fresh, "a webhook is any node's"
    door.hold(None)
    await door.book.note("cursor", "3")
    assert await door.book.read("cursor") == "3"

"""Letters become decisions, once each: by hand from the door, by the sweep, or visibly set aside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
import pytest

from channels import contract as sig
from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Answered, LookAgain
from router.core.commands import Command
from router.core.engine import Engine
from router.floor.inbox import FloorDown, Unavailable
from router.intake.lanes import Lanes
from router.intake.language import choose_language, script_language
from router.intake.lookup import LookUp
from router.store.port import NewLetter, StoreUnavailable
from tests.floor.house import SITE, House, wrote

Eventually = Callable[[Callable[[], Awaitable[bool] | bool]], Awaitable[None]]


async def letters_left(house: House) -> int:
    waiting, _, _ = await house.store.letterbox.depth(SITE)
    return waiting


async def quarantine(house: House) -> list[str]:
    return [reason for _, reason in await house.store.letterbox.quarantined(SITE, 10)]


async def decided(house: House, message: sig.AnySignal, channel: str = "push") -> sig.Decided:
    door = house.door(channel)
    accepted = (await door.accept([message]))[0]
    answer = await door.decided(accepted.letter, wait_ms=5_000)
    assert answer is not None
    return answer


async def test_a_first_message_opens_a_conversation_and_a_second_joins_it(house: House) -> None:
    house.start("intake")
    first = await decided(house, wrote("hello"))
    second = await decided(house, wrote("again"))
    assert first.reference == second.reference
    assert first.queue == "general"
    assert len(house.floor.state.convs) == 1
    assert await letters_left(house) == 0


async def test_a_duplicate_letter_names_the_first_and_decides_nothing(house: House) -> None:
    house.start("intake")
    door = house.door("push")
    first = (await door.accept([wrote("hello")]))[0]
    await door.decided(first.letter, wait_ms=5_000)
    before = house.floor.position
    again = (await door.accept([wrote("hello")]))[0]
    assert (again.letter, again.message, again.fresh) == (first.letter, first.message, False)
    assert house.floor.position == before


async def test_messages_of_one_line_keep_their_order(house: House) -> None:
    house.start("intake")
    door = house.door("push")
    texts = [f"line {n}" for n in range(40)]
    for text in texts:
        await door.accept([wrote(text)])
    while await letters_left(house):
        await asyncio.sleep(0.01)
    items = await door.line_items(wrote("x").line, after=0, limit=100)
    assert [item.text for item in items if item.kind == "in"] == texts


async def test_letters_nobody_handed_over_are_found_by_the_sweep(house: House, eventually: Eventually) -> None:
    await house.door("push").accept([wrote("hello")])
    house.clock.now += 3_000
    another = House(house.folder, house.store, house.clock)
    another.intake._floor = house.floor
    another.intake._look_up = LookUp(house.floor, house.store.archive, {})
    another.start("intake")
    await another.intake.sweep(2_000)
    await eventually(lambda: len(house.floor.state.convs) == 1)
    await another.stop()


async def test_three_attempts_that_ended_in_a_crash_are_quarantined(house: House) -> None:
    letter = (await house.door("push").accept([wrote("hello")]))[0].letter
    for _ in range(3):
        await house.store.letterbox.tried(SITE, [letter])
    house.clock.now += 3_000
    house.intake._lanes = Lanes()
    await house.intake.sweep(2_000)
    assert await quarantine(house) == ["attempts"]
    assert house.floor.state.convs == {}


async def test_one_life_of_a_node_counts_one_attempt_however_long_the_store_is_away(house: House) -> None:
    letter = (await house.door("push").accept([wrote("hello")]))[0].letter
    house.clock.now += 3_000
    for _ in range(5):
        house.intake._lanes = Lanes()
        await house.intake.sweep(2_000)
        found = await house.store.letterbox.get(SITE, letter)
        assert found is not None
        if found.state == "settled":
            break
    assert found.attempts == 1
    assert await quarantine(house) == []


async def test_a_letter_that_is_overtaken_three_times_is_shown_as_stuck(
    house: House, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    monkeypatch.setattr(Engine, "handle", lambda _self, _command, _at: LookAgain())
    house.start("intake")
    await house.door("push").accept([wrote("hello")])

    async def stuck() -> bool:
        return await quarantine(house) == ["stuck"]

    await eventually(stuck)


async def test_a_letter_that_breaks_the_core_is_quarantined_and_its_neighbours_are_decided(
    house: House, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    real = Engine.handle

    def breaks(self: Engine, command: cmd.Command, at: int) -> Any:
        if isinstance(command, cmd.Receive) and command.message == 2:
            raise RuntimeError("our bug")
        return real(self, command, at)

    monkeypatch.setattr(Engine, "handle", breaks)
    await house.door("push").accept([wrote("one", key="a"), wrote("two", key="b"), wrote("three", key="c")])
    house.start("intake")
    await eventually(lambda: len(house.floor.state.convs) == 2)
    assert await quarantine(house) == ["broken"]
    assert await letters_left(house) == 0


async def test_a_letter_that_cannot_be_read_is_quarantined_by_name(house: House) -> None:
    letter = (
        await house.store.letterbox.put(SITE, [NewLetter(channel="push", dedupe="x", received_ms=1, signal=b"?")])
    )[0]
    await house.intake._decide([letter], await house.intake._looked([letter]))
    assert await quarantine(house) == ["unreadable"]


async def test_a_message_without_any_configuration_waits_for_the_first(tmp_path: Any, eventually: Eventually) -> None:
    bare = await House.open(tmp_path)
    await bare.lead()
    bare.start("intake")
    accepted = (await bare.door("push").accept([wrote("hello")]))[0]
    assert await bare.door("push").decided(accepted.letter, wait_ms=50) is None
    await bare.configure()
    bare.clock.now += 3_000
    await bare.intake.sweep(2_000)
    await eventually(lambda: len(bare.floor.state.convs) == 1)
    await bare.close()


SET_ASIDE = [
    (wrote("mail is down", set_aside="bounce"), "bounce"),
    (sig.LineOpened(line=wrote("x").line, dedupe="o"), "line_opened"),
    (sig.LineClosed(line=wrote("x").line, dedupe="c"), "line_unknown"),
    (sig.Receipt(line=wrote("x").line, dedupe="r", provider="unknown", status="read"), "receipt_unknown"),
    (sig.OptedOut(line=wrote("x").line, dedupe="q"), "opted_out"),
    (wrote("I am away", automatic=True), "automatic"),
]


@pytest.mark.parametrize(("signal", "reason"), SET_ASIDE, ids=[reason for _, reason in SET_ASIDE])
async def test_what_opens_no_conversation_is_set_aside_by_name(
    house: House, signal: sig.AnySignal, reason: str
) -> None:
    follower = house.floor.follow(10)
    house.start("intake")
    answer = await decided(house, signal)
    assert (answer.state, answer.reference) == ("set_aside", "")
    heard = await anext(follower)
    assert [getattr(event, "reason", "") for event in heard.entries[0].events][-1] == reason
    assert house.floor.state.convs == {}


async def test_a_customer_who_leaves_before_an_answer_has_abandoned(house: House) -> None:
    house.start("intake")
    await decided(house, wrote("hello"))
    await decided(house, sig.LineClosed(line=wrote("x").line, dedupe="bye"))
    row = (await house.store.archive.conversations(SITE, customer=1, limit=1))[0]
    assert row.state == "abandoned"


@pytest.mark.parametrize(("why", "state"), [("left", "closed"), ("away", "parked")])
async def test_who_ends_a_parked_chat_ends_it_and_who_goes_away_does_not(house: House, why: str, state: str) -> None:
    await house.agent()
    house.start("intake")
    await decided(house, wrote("hello"))
    await house.accept_offer(1)
    await house.made(cmd.Park(id="park", agent=1, conv=1))
    await decided(house, sig.LineClosed(line=wrote("x").line, dedupe="bye", why=why))
    row = (await house.store.archive.conversations(SITE, customer=1, limit=1))[0]
    assert row.state == state


async def test_a_key_that_asks_to_be_called_back_keeps_the_place_of_who_hangs_up(house: House) -> None:
    house.start("intake")
    await decided(house, wrote("hello"))
    line = wrote("x").line
    await decided(house, sig.KeyPressed(line=line, dedupe="other", keys="5"))
    await decided(house, sig.KeyPressed(line=line, dedupe="call", keys="1", prompt=sig.CALL_BACK_PROMPT))
    await decided(house, sig.LineClosed(line=line, dedupe="bye"))
    row = (await house.store.archive.conversations(SITE, customer=1, limit=1))[0]
    assert row.state == "waiting"


async def test_a_line_says_how_its_own_conversation_was_and_no_other(house: House) -> None:
    follower = house.floor.follow(10)
    house.start("intake")
    await decided(house, wrote("hello"))
    line = wrote("x").line
    (first, *_) = await house.store.archive.on_line(SITE, 1, after=0, limit=1)
    rating = partial(sig.KeyPressed, prompt=sig.RATING_PROMPT)
    for dedupe, keys, item in (("a", "4", first.row.position), ("b", "9", first.row.position), ("c", "5", 9_999)):
        await decided(house, rating(line=line, dedupe=dedupe, keys=keys, item=item))
    await decided(house, rating(line=msgspec.structs.replace(line, key="nobody"), dedupe="d", keys="5", item=1))
    follower.close()
    made = [event async for heard in follower for entry in heard.entries for event in entry.events]
    assert [event.score for event in made if isinstance(event, ev.Rated)] == [4]
    assert [event.reason for event in made if isinstance(event, ev.MessageSetAside)] == [
        *("rating_unknown", "rating_unknown", "line_unknown")
    ]


async def test_a_sign_about_something_that_is_over_is_noted_and_settled(house: House) -> None:
    house.start("intake")
    await decided(house, wrote("hello"))
    await decided(house, sig.LineClosed(line=wrote("x").line, dedupe="bye"))
    await decided(house, sig.LineClosed(line=wrote("x").line, dedupe="bye again"))
    assert await letters_left(house) == 0


async def test_a_reply_to_a_closed_conversation_brings_it_back_with_its_record(house: House) -> None:
    await house.agent()
    house.start("intake")
    first = await decided(house, wrote("hello", channel="call"), "call")
    await house.accept_offer(1)
    await house.made(cmd.Close(id="close", agent=1, conv=1, disposition="done"))
    assert house.floor.state.convs == {}
    again = await decided(house, wrote("one more thing", channel="call"), "call")
    assert again.reference == first.reference
    assert house.floor.state.convs[1].version == 1


async def test_facts_come_from_words_language_and_what_was_declared(house: House) -> None:
    house.start("intake")
    await decided(house, wrote("night สวัสดีครับ ช่วยด้วย", declared={"plan": "gold"}))
    conv = house.floor.state.convs[1]
    facts = house.floor.state.facts.by_number[conv.facts]
    assert (facts.language, facts.topics, facts.attributes) == ("th", ("night",), (("plan", "gold"),))
    assert conv.rule == "to night"


async def test_a_full_disk_refuses_at_the_door_and_nothing_was_kept(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> Any:
        raise StoreUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(house.store.letterbox, "put", full)
        with pytest.raises(sig.LetterboxClosed):
            await house.door("push").accept([wrote("hello")])
    assert await letters_left(house) == 0


async def test_a_door_that_closes_accepts_nothing_more(house: House) -> None:
    door = house.door("push")
    door.close()
    with pytest.raises(sig.LetterboxClosed):
        await door.accept([wrote("hello")])


async def test_a_receipt_of_a_socket_names_our_message_by_its_number_and_only_on_its_own_line(house: House) -> None:
    await house.agent()
    house.start("intake")
    await decided(house, wrote("hello"))
    await decided(house, wrote("hello", key="thief"))
    await house.accept_offer(1)
    message = await house.say(1, "good day")
    foreign = sig.Receipt(line=wrote("x", key="thief").line, dedupe="r1", provider=str(message), status="read")
    await decided(house, foreign)
    row = await house.store.archive.message(SITE, message)
    assert row is not None
    assert row.status != "read"
    await decided(house, sig.Receipt(line=wrote("x").line, dedupe="r2", provider=str(message), status="delivered"))
    row = await house.store.archive.message(SITE, message)
    assert row is not None
    assert row.status == "delivered"


async def test_the_words_of_a_customer_reach_no_log(house: House) -> None:
    house.start("intake")
    await decided(house, wrote("my secret is kettle-4711", key="ada-lovelace"))
    said = house.log.getvalue() + house.telemetry.render().decode()
    assert "kettle" not in said
    assert "ada" not in said.lower()


async def test_files_are_kept_by_unguessable_names_and_leave_the_letter(house: House) -> None:
    house.start("intake")
    attached = sig.Attachment(name="a.pdf", media_type="application/pdf", size_bytes=5, content=b"12345")
    await decided(house, wrote("see this", attachments=(attached,)))
    row = await house.store.archive.message(SITE, 1)
    assert row is not None
    assert '"name":"a.pdf"' in row.body.extra["files"]
    kept = [path for path in (house.folder / "files").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in kept] == [b"12345"]
    assert kept[0].name in row.body.extra["files"]


SCRIPTS = [
    ("hello", ""),
    ("สวัสดี", "th"),
    ("您好，我的订单在哪里", "zh"),
    ("注文はどこですか", "ja"),
    ("Where is my 手机?", ""),
    ("iPhone 坏了怎么办呀", "zh"),
    ("", ""),
    ("12345 !!", ""),
]


@pytest.mark.parametrize(("text", "language"), SCRIPTS)
def test_the_script_says_the_language_where_it_can(text: str, language: str) -> None:
    assert script_language(text) == language


CHOICES = [
    (("en-GB", "th", "zh"), "en"),
    (("", "th", "zh"), "th"),
    (("fr", "", "zh"), "zh"),
    (("fr", "", ""), "en"),
]


@pytest.mark.parametrize(("candidates", "chosen"), CHOICES)
def test_the_first_language_the_site_speaks_is_chosen(candidates: tuple[str, ...], chosen: str) -> None:
    assert choose_language(candidates, ("en", "zh", "th")) == chosen


async def test_letters_of_one_line_keep_their_order_through_an_outage(house: House, eventually: Eventually) -> None:
    house.start("intake")
    door = house.door("push")
    real, away = house.floor.submit, True

    async def submit(command: Command, **more: Any) -> Answered:
        if away:
            raise FloorDown("nobody leads")
        return await real(command, **more)

    house.floor.submit = submit  # type: ignore[method-assign]
    [first] = await door.accept([wrote("one")])
    await asyncio.sleep(0.05)
    [second] = await door.accept([wrote("two")])
    away = False
    [third] = await door.accept([wrote("three")])
    await eventually(lambda: not house.intake.busy)
    story = await house.store.archive.story(SITE, 1, before=1 << 60, limit=9)
    assert [row.row.message for row in story if row.row.kind == "Received"] == [
        first.message,
        second.message,
        third.message,
    ]


async def test_what_another_node_has_settled_meanwhile_is_not_submitted_again(
    house: House, eventually: Eventually
) -> None:
    house.start("intake")
    real, asked = house.floor.submit, []

    async def submit(command: Command, **more: Any) -> Answered:
        asked.append(command.id)
        # The leader decides it, and its answer is lost.
        await real(command, **more)
        raise Unavailable("the answer was lost")

    house.floor.submit = submit  # type: ignore[method-assign]
    await house.door("push").accept([wrote("one")])
    await eventually(lambda: asked and not house.intake.busy)
    assert len(asked) == 1

"""The order of a line: letters of one line are decided one after the other, whichever node took them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest

from router.core.answers import Answered, LookAgain, Made, Refused
from router.core.commands import Command
from router.core.state import MEMORY_MS
from router.floor.inbox import LOOKED_MS_MAX, FloorDown
from router.intake import letters as letters_module
from router.intake.lanes import Lanes
from router.intake.letters import Intake
from router.intake.lookup import command_id
from router.store.port import Letter
from tests.floor.house import SITE, House, wrote
from tests.floor.test_intake import letters_left

Eventually = Callable[[Callable[[], Awaitable[bool] | bool]], Awaitable[None]]


async def test_what_a_dead_node_took_is_decided_before_what_its_customer_says_at_another(
    house: House, eventually: Eventually
) -> None:
    """The first was accepted by a node that died with it; the second comes before the sweep has found the first."""
    door = house.door("push")
    [first] = await door.accept([wrote("one")])
    house.intake._lanes = Lanes()
    house.start("intake")
    [second] = await door.accept([wrote("two")])
    [elsewhere] = await door.accept([wrote("else", key="k2")])
    assert await door.decided(elsewhere.letter, wait_ms=5_000) is not None, "another line does not wait"
    assert second.letter in house.intake._lanes
    assert await letters_left(house) == 2
    house.clock.now += 3_000
    await house.intake.sweep(2_000)
    await eventually(lambda: not house.intake.busy)
    [conv] = [conv for conv in (1, 2) if first.message in await messages(house, conv)]
    assert await messages(house, conv) == [first.message, second.message]


async def messages(house: House, conv: int) -> list[int]:
    story = await house.store.archive.story(SITE, conv, before=1 << 60, limit=9)
    return [row.row.message for row in story if row.row.kind == "Received"]


async def test_a_line_goes_on_when_the_other_node_has_decided_what_came_before(
    house: House, eventually: Eventually
) -> None:
    door = house.door("push")
    [first] = await door.accept([wrote("one")])
    house.intake._lanes = Lanes()
    house.start("intake")
    [second] = await door.accept([wrote("two")])
    await eventually(lambda: house.intake._lanes.holding)
    await house.store.letterbox.quarantine(SITE, first.letter, "by hand")
    await eventually(lambda: not house.intake.busy)
    assert await messages(house, 1) == [second.message]


async def test_what_was_under_way_in_a_crash_is_tried_before_what_stands_behind_it(
    house: House, eventually: Eventually
) -> None:
    door = house.door("push")
    accepted = [(await door.accept([wrote(text)]))[0] for text in ("one", "two", "three")]
    await house.store.letterbox.tried(SITE, [accepted[0].letter])
    house.intake._lanes = Lanes()
    house.clock.now += 3_000
    house.start("intake")
    await house.intake.sweep(2_000)
    await eventually(lambda: not house.intake.busy)
    assert await messages(house, 1) == [one.message for one in accepted]


async def test_what_stands_behind_a_suspect_follows_together_and_not_one_by_one(
    house: House, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy line must catch up after a crash: only what was under way in it is tried alone."""
    door = house.door("push")
    accepted = [(await door.accept([wrote(f"text {number}")]))[0] for number in range(30)]
    await house.store.letterbox.tried(SITE, [accepted[1].letter])
    alone, tried = list[int](), house.intake._alone

    async def noting(letter: Letter, new_ms: int) -> bool:
        alone.append(letter.id)
        return await tried(letter, new_ms)

    monkeypatch.setattr(house.intake, "_alone", noting)
    house.intake._lanes = Lanes()
    house.clock.now += 3_000
    house.start("intake")
    await house.intake.sweep(2_000)
    await eventually(lambda: not house.intake.busy)
    assert alone == [accepted[0].letter, accepted[1].letter]
    assert await messages(house, 1) == [one.message for one in accepted][-9:]


async def test_who_leads_no_longer_takes_back_what_it_counted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has not crashed: its letters are no suspects for the next leader."""
    [one] = await house.door("push").accept([wrote("one")])
    house.clock.now += 3_000
    house.intake._lanes = Lanes()
    await house.intake.sweep(2_000)
    counted = await house.store.letterbox.get(SITE, one.letter)
    assert counted is not None
    assert counted.attempts == 1
    monkeypatch.setattr(type(house.floor), "leading", False)
    await house.intake.sweep(2_000)
    spared = await house.store.letterbox.get(SITE, one.letter)
    assert spared is not None
    assert spared.attempts == 0


async def test_a_letter_that_time_or_an_operator_holds_back_survives_any_number_of_leaders(house: House) -> None:
    """It ends no attempt in a crash, so however often the lead changes hands it is never taken for poison."""
    [one] = await house.door("push").accept([wrote("one")])
    real = house.floor.submit

    async def submit(_command: Command, **_more: Any) -> Answered:
        return Refused("not_configured")

    house.clock.now += 3_000
    for _ in range(4):
        house.floor.submit = submit  # type: ignore[method-assign]
        house.intake = Intake(house.intake_parts)
        await house.intake.sweep(2_000)
        house.start("intake")
        async with asyncio.timeout(60):
            while house.intake._attempts.counted or not house.intake._attempts.to_count:
                await asyncio.sleep(0.01)
        for task in house.tasks:
            task.cancel()
        await asyncio.gather(*house.tasks, return_exceptions=True)
        await house.intake.let_go()
        found = await house.store.letterbox.get(SITE, one.letter)
        assert found is not None
        assert (found.state, found.attempts) == ("new", 0)
    house.floor.submit = real  # type: ignore[method-assign]


async def test_nothing_overtakes_a_suspect_that_could_not_be_tried_yet(house: House, eventually: Eventually) -> None:
    """Two were under way in a crash; the first cannot be decided now, so the second waits, and so does the third."""
    door = house.door("push")
    accepted = [(await door.accept([wrote(text)]))[0] for text in ("one", "two", "three")]
    await house.store.letterbox.tried(SITE, [accepted[0].letter, accepted[1].letter])
    house.intake._lanes = Lanes()
    real, away = house.floor.submit, True

    async def submit(command: Command, **more: Any) -> Answered:
        if away:
            raise FloorDown("nobody leads")
        return await real(command, **more)

    house.floor.submit = submit  # type: ignore[method-assign]
    house.clock.now += 3_000
    await house.intake.sweep(2_000)
    assert accepted[2].letter not in house.intake._lanes
    away = False
    house.start("intake")
    await eventually(lambda: not house.intake.busy)
    await house.intake.sweep(2_000)
    await eventually(lambda: not house.intake.busy)
    assert await messages(house, 1) == [one.message for one in accepted]


async def test_a_line_that_waits_for_another_node_is_looked_at_while_others_keep_us_busy(
    house: House, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = house.door("push")
    [first] = await door.accept([wrote("one")])
    house.intake._lanes = Lanes()
    [second] = await door.accept([wrote("two")])
    busy = True
    monkeypatch.setattr(type(house.intake._lanes), "ready", property(lambda lanes: busy or bool(lanes._ready)))

    async def turned(_limit: float = 0) -> None:
        await asyncio.sleep(0.001)

    monkeypatch.setattr(house.intake, "_rest", turned)
    house.start("intake")
    await eventually(lambda: house.intake._lanes.holding)
    await house.store.letterbox.quarantine(SITE, first.letter, "by hand")
    await eventually(lambda: second.letter not in house.intake._lanes)
    busy = False
    assert await messages(house, 1) == [second.message]


async def test_what_was_left_behind_a_flood_is_found_although_the_flood_is_in_hand(
    house: House, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters_module, "SWEEP_MAX", 5)
    door = house.door("push")
    await door.accept([wrote(f"text {number}") for number in range(40)])
    flood, house.intake._lanes = house.intake._lanes, Lanes()
    [lost] = await door.accept([wrote("else", key="k2")])
    house.intake._lanes = flood
    house.clock.now += 3_000
    for _ in range(3):
        await house.intake.sweep(2_000)
    assert lost.letter in house.intake._lanes
    house.start("intake")
    await eventually(lambda: not house.intake.busy)


async def test_what_no_hand_is_free_for_counts_no_attempt_and_is_taken_in_its_turn(
    house: House, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters_module, "TAKEN_MAX", 3)
    door = house.door("push")
    accepted = [(await door.accept([wrote(f"text {number}")]))[0] for number in range(7)]
    house.intake._lanes = Lanes()
    house.clock.now += 3_000
    await house.intake.sweep(2_000)
    rows = [await house.store.letterbox.get(SITE, each.letter) for each in accepted]
    assert [row.attempts for row in rows if row is not None] == [1, 1, 1, 0, 0, 0, 0]
    house.start("intake")
    for _ in range(3):
        await eventually(lambda: not house.intake.busy)
        await house.intake.sweep(2_000)
    await eventually(lambda: not house.intake.busy)
    assert await messages(house, 1) == [each.message for each in accepted]


async def test_a_node_that_stood_still_for_longer_than_the_core_remembers_decides_nothing_twice(
    house: House, eventually: Eventually
) -> None:
    """Its letter was decided by who led meanwhile, and that was so long ago that its command id is forgotten."""
    [one] = await house.door("push").accept([wrote("one")])
    letter = await house.store.letterbox.get(SITE, one.letter)
    assert letter is not None
    asleep, house.intake = house.intake, Intake(house.intake_parts)
    door = house.door("push")
    house.clock.now += 3_000
    house.start("intake")
    await house.intake.sweep(2_000)
    await eventually(lambda: not house.intake.busy)
    for number in range(13):
        house.clock.now += MEMORY_MS // 12
        await door.accept([wrote(f"else {number}", key="k2")])
        await eventually(lambda: not house.intake.busy)
    assert command_id(letter) not in house.floor.state.answers, "it is forgotten"
    waking = asyncio.create_task(asleep.run())
    await eventually(lambda: not asleep.busy)
    waking.cancel()
    assert len(await messages(house, 1)) == 1


async def test_a_leader_sends_back_to_be_looked_at_what_was_last_seen_waiting_long_ago(house: House) -> None:
    [one] = await house.door("push").accept([wrote("one")])
    letter = await house.store.letterbox.get(SITE, one.letter)
    assert letter is not None
    [command] = await house.intake._looked([letter])
    assert isinstance(command, Command)
    answers = [
        await house.floor.submit(command, letter=letter.id, new_ms=house.clock.now - age_ms)
        for age_ms in (LOOKED_MS_MAX + 1, LOOKED_MS_MAX)
    ]
    assert [type(answer) for answer in answers] == [LookAgain, Made]


def test_lines_are_decided_one_after_the_other_and_each_in_order() -> None:
    """Every order in which letters may come, be held, come back and end, against the one rule that matters."""
    for seed in range(300):
        chance = Random(seed)
        letters = [made_letter(number, chance.choice([b"a", b"b", b""])) for number in range(1, 13)]
        done = played(letters, chance)
        assert sorted(letter.id for letter in done) == [letter.id for letter in letters]
        for line in (b"a", b"b"):
            order = [letter.id for letter in done if letter.line == line]
            assert order == sorted(order)


def played(letters: list[Letter], chance: Random) -> list[Letter]:
    """Let letters come nearly in order; return them in the order in which they were decided."""
    lanes, done = Lanes(), list[Letter]()
    under_way: list[Letter] = []
    coming = sorted(letters, key=lambda letter: letter.id + chance.randrange(4))
    while coming or len(lanes):
        for _ in range(min(chance.randrange(4), len(coming))):
            lanes.add(coming.pop(0))
        under_way += lanes.next(chance.randrange(1, 4))
        busy = [letter.line for letter in under_way if letter.line]
        assert len(busy) == len(set(busy)), "one of a line is under way"
        chance.shuffle(under_way)
        for _ in range(min(chance.randrange(3), len(under_way))):
            letter = under_way.pop()
            waits = any(is_before(each, letter, done) for each in letters)
            done += ended(lanes, letter, waits=waits, comes_back=chance.random() < 0.3)
        lanes.look_again()
    return done


def is_before(earlier: Letter, letter: Letter, done: list[Letter]) -> bool:
    return bool(letter.line) and earlier.line == letter.line and earlier.id < letter.id and earlier not in done


def ended(lanes: Lanes, letter: Letter, *, waits: bool, comes_back: bool) -> list[Letter]:
    """Let what was under way be held, come back or be decided."""
    if waits:
        lanes.hold(letter)
    elif comes_back:
        lanes.back([letter])
    else:
        lanes.decided(letter)
        lanes.end(letter)
        return [letter]
    return []


def made_letter(number: int, line: bytes) -> Letter:
    return Letter(
        id=number, channel="push", received_ms=0, message=0, state="new", attempts=0, position=0, signal=b"", line=line
    )

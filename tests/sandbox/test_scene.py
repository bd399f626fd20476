"""The scene and the day: what is told to a page, what is forgotten, and how people come and go. No server."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from dashboard.sandbox.day.curve import BY_HOUR, SHARES, channel_of, gap_s, hour_at, presence_at
from dashboard.sandbox.day.sayings import FIRST, MORE, NAMES, THANKS
from dashboard.sandbox.scene import ITEMS_MAX, LINES_MAX, Scene


def scene() -> Scene:
    return Scene(lambda: 1_000_000)


def test_a_reader_is_told_what_is_newer_and_nothing_else() -> None:
    made = scene()
    one, two = (made.open("sms", "Eva", number, deeds=("say",)) for number in ("+1", "+2"))
    before = made.since(0)
    assert [line["id"] for line in before["lines"]] == [one.id, two.id]
    made.add(two, "company", "Good day")
    after = made.since(before["version"])
    assert [line["id"] for line in after["lines"]] == [two.id]
    assert after["lines"][0]["items"][0]["text"] == "Good day"
    assert not after["whole"]


@pytest.mark.parametrize("version", [1, 999_999_999])
def test_a_reader_of_another_life_is_told_everything(version: int) -> None:
    made = scene()
    made.open("sms", "Eva", "+1", deeds=())
    told = made.since(version)
    assert told["whole"]
    assert len(told["lines"]) == 1


def test_a_scene_is_bounded_and_what_is_over_goes_first() -> None:
    made = scene()
    lines = [made.open("sms", "Eva", f"+{number}", deeds=()) for number in range(LINES_MAX)]
    made.set(lines[3], "over")
    version = made.version
    made.open("sms", "Eva", "+new", deeds=())
    assert made.line(lines[3].id) is None
    assert made.since(version)["gone"] == [lines[3].id]
    for number in range(ITEMS_MAX + 5):
        made.add(lines[0], "company", str(number))
    assert len(lines[0].items) == ITEMS_MAX


async def test_who_waits_for_news_is_told_at_once_and_let_go_at_a_stop() -> None:
    made = scene()
    waiting = asyncio.create_task(made.news(made.version, 30))
    await asyncio.sleep(0)
    made.open("chat", "Eva", "visitor", deeds=())
    await asyncio.wait_for(waiting, 60)
    waiting = asyncio.create_task(made.news(made.version, 30))
    await asyncio.sleep(0)
    made.close()
    await asyncio.wait_for(waiting, 60)


def test_a_day_has_its_morning_its_lunch_and_its_night() -> None:
    assert hour_at(0) == 9.0
    assert hour_at(60 * 16) == 1.0
    assert BY_HOUR[10] > BY_HOUR[12] < BY_HOUR[14] > BY_HOUR[22] > BY_HOUR[3]
    assert {presence_at(10.0, place) for place in range(6)} == {"available"}
    for quarter in range(46, 56):
        at_lunch = [presence_at(quarter / 4, place) for place in range(6)].count("lunch")
        assert at_lunch == 2, "lunch is taken in turns"
    assert [presence_at(23.0, place) for place in range(6)] == ["available"] * 2 + ["break"] * 4


def test_arrivals_follow_the_curve() -> None:
    chance = Random(1)
    at_ten = sum(gap_s(10.5, chance) for _ in range(2_000)) / 2_000
    at_three = sum(gap_s(3.5, chance) for _ in range(2_000)) / 2_000
    assert at_ten == pytest.approx(60 / BY_HOUR[10], rel=0.1)
    assert at_three == pytest.approx(60 / BY_HOUR[3], rel=0.1)


def test_only_channels_that_can_be_played_are_chosen() -> None:
    chance = Random(2)
    playable = {name: name != "app" for name in SHARES}
    chosen = {channel_of(chance, playable) for _ in range(500)}
    assert chosen == set(SHARES) - {"app"}
    assert channel_of(chance, {}) == ""


def test_everybody_has_something_to_say_in_their_language() -> None:
    for _, language in NAMES:
        assert FIRST[language]
        assert MORE[language]
        assert THANKS[language]

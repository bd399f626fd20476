"""Rules that can never match: found where it is so, and never claimed where it is not."""

from __future__ import annotations

import itertools
import random

import pytest

from router.core.bundle import Bundle, Queue, Rule
from router.core.facts import Facts
from router.core.rules import Ruleset
from router.settings.reach import never_reached

CHANNELS, SEGMENTS, TOPICS, ABOUT = (
    ("chat", "email", "sms"),
    ("", "vip", "gold"),
    ("order", "refund"),
    ("", "order", "x"),
)
LIFE_MS = (500, 1_500)  # closed, open


def ruleset(*conditions: str) -> Ruleset:
    rules = [Rule(name=f"r{number}", queue="q", when=when) for number, when in enumerate(conditions)]
    return Ruleset(
        Bundle(
            site="main",
            zone="UTC",
            languages=("en",),
            queues={"q": Queue(name="q", hours="office")},
            rules=(*rules, Rule(name="rest", queue="q")),
            topics=(),
            calendars={"office": (1_000, 2_000)},
            skills={},
            presences={},
            channels={},
        )
    )


def caught(*conditions: str) -> dict[int, tuple[int, ...]]:
    trees = [None if program is None else program.tree for _, program in ruleset(*conditions).conditions]
    return never_reached(trees)


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        (['channel == "chat" || channel == "email"', 'channel in ["chat"]'], {1: (0,)}),
        (['channel != "sms"', 'channel == "chat" && "order" in topics'], {1: (0,)}),
        (['channel in ["chat", "email"]', 'channel == "email" && language == "en"'], {1: (0,)}),
        (
            ['"order" in topics', '!("order" in topics) && channel == "chat"', 'channel == "chat" && open.office'],
            {2: (0, 1)},
        ),
        (['channel == "chat" && channel == "email"'], {0: ()}),
        (['open.office && !open.office'], {0: ()}),
        (['attributes.about == "x" ? open.office : false', 'open.office && attributes.about == "x"'], {1: (0,)}),
        (['attributes["a"] == "1"', 'attributes.a == "1" && kind == "line"'], {1: (0,)}),
    ],
)  # fmt: skip
def test_a_rule_that_can_never_match_names_those_that_catch_it(
    conditions: list[str], found: dict[int, tuple[int, ...]]
) -> None:
    assert caught(*conditions) == found


@pytest.mark.parametrize(
    "conditions",
    [
        ['channel == "chat"', 'channel == "email"', 'channel == "sms"'],  # switched off channels still have messages
        ["1 / size(topics) > 0", "!(1 / size(topics) > 0)", 'channel == "chat"'],  # neither, where there are no topics
        ['language.startsWith("en")', 'language == "th"'],
        ['"order" in topics', '"refund" in topics'],
        ['customer.segment == "vip"', 'customer.segment != ""'],
    ],
)
def test_what_something_may_reach_is_not_claimed(conditions: list[str]) -> None:
    assert caught(*conditions) == {}


def random_condition(chance: random.Random, depth: int = 2) -> str:
    if depth and chance.random() < 0.6:
        op = chance.choice((" && ", " || "))
        return "(" + op.join(random_condition(chance, depth - 1) for _ in range(2)) + ")"
    if depth and chance.random() < 0.2:
        return f"!({random_condition(chance, depth - 1)})"
    return chance.choice(
        (
            f'channel == "{chance.choice(CHANNELS)}"',
            f'channel != "{chance.choice(CHANNELS)}"',
            f'channel in ["{chance.choice(CHANNELS)}", "{chance.choice(CHANNELS)}"]',
            f'customer.segment == "{chance.choice(SEGMENTS)}"',
            f'"{chance.choice(TOPICS)}" in topics',
            f'attributes.about == "{chance.choice(ABOUT)}"',
            'attributes.about.startsWith("o")',
            "open.office",
            "2 / size(topics) > 1",
            "size(topics) == 0 ? open.office : true",
        )
    )


def every_message() -> list[tuple[Facts, int]]:
    topics = [(), *((topic,) for topic in TOPICS), TOPICS]
    return [
        (Facts(channel=channel, segment=segment, topics=found, attributes=(("about", about),) if about else ()), at)
        for channel, segment, found, about, at in itertools.product(
            (*CHANNELS, "phone"), (*SEGMENTS, "none"), topics, (*ABOUT, "other"), LIFE_MS
        )
    ]


def test_nothing_is_claimed_of_a_rule_that_some_message_reaches() -> None:
    """UI.md 8.35: a shadowed rule is marked, and no other."""
    messages, chance, claimed, reachable_missed = every_message(), random.Random(11), 0, 0
    for _ in range(120):
        conditions = [random_condition(chance) for _ in range(4)]
        rules = ruleset(*conditions)
        never = caught(*conditions)
        reached = {rules.place(facts, at).rule for facts, at in messages}
        for index in range(len(conditions)):
            claimed += index in never
            assert index not in never or f"r{index}" not in reached, (conditions, never)
            reachable_missed += index not in never and f"r{index}" not in reached
    assert claimed > 20, "the conditions are such that something is to be found"
    assert reachable_missed < claimed, "most of what never matches is found"


def test_a_search_that_would_be_long_claims_nothing() -> None:
    conditions = ['channel == "chat" && channel == "email"', 'channel == "sms" && channel == "email"']
    trees = [program.tree if program else None for _, program in ruleset(*conditions).conditions]
    assert set(never_reached(trees)) == {0, 1}
    assert never_reached(trees, looks_max=2) == {}
    many = [f'"t{number}" in topics || "t{number + 1}" in topics' for number in range(300)]
    assert caught(*many) == {}

"""The trace of the rules: the same rule as the router's own answer, and for each part why."""

from __future__ import annotations

import random

from router.core.bundle import Bundle, ChannelSpec, Queue, Rule
from router.core.explaining import judged
from router.core.facts import Facts
from router.core.rules import Ruleset

RULES = (
    Rule(name="vip complaints", queue="a", when='customer.segment == "vip" && "complaint" in topics'),
    Rule(name="at night", queue="b", when="!open.office && channel != 'email'"),
    Rule(
        name="big orders",
        queue="a",
        when='attributes.about == "order" || attributes["order-lines"].size() / size(topics) > 2',
    ),
    Rule(name="rest", queue="b"),
)  # fmt: skip


def ruleset() -> Ruleset:
    return Ruleset(
        Bundle(
            site="main",
            zone="UTC",
            languages=("en",),
            queues={name: Queue(name=name, hours="office") for name in ("a", "b")},
            rules=RULES,
            topics=(),
            calendars={"office": (1_000, 2_000)},
            skills={},
            presences={},
            channels={"chat": ChannelSpec(load=25, live=True)},
        )
    )


def test_each_rule_up_to_the_matching_one_says_what_it_looked_at() -> None:
    facts = Facts(channel="chat", segment="gold", topics=("order",), attributes=(("about", "order"),))
    vip, night, big = judged(ruleset(), facts, 1_500)
    assert [(vip.number, vip.holds, vip.joined), (night.holds, big.holds)] == [(1, False, "&&"), (False, True)]
    assert [(part.text, part.holds, [(x.name, x.value) for x in part.looked]) for part in vip.parts] == [
        ('customer.segment == "vip"', False, [("customer.segment", '"gold"')]),
        ('"complaint" in topics', False, [("topics", '["order"]')]),
    ]
    assert [(part.text, part.holds) for part in night.parts] == [("!open.office", False), ('channel != "email"', True)]
    assert [(x.name, x.value) for x in night.parts[0].looked] == [("open.office", "true")]
    assert big.parts[0].looked[0].value == '"order"'


def test_a_part_without_a_value_is_said_and_does_not_hold() -> None:
    *_, big, rest = judged(ruleset(), Facts(channel="email"), 1_500)
    assert [(part.holds, part.failed) for part in big.parts] == [(False, False), (False, True)]
    assert (rest.name, rest.holds, rest.parts) == ("rest", True, ())


def test_the_trace_ends_at_the_rule_that_places() -> None:
    rules, chance = ruleset(), random.Random(7)
    for _ in range(300):
        facts = Facts(
            channel=chance.choice(("chat", "email")),
            segment=chance.choice(("", "vip")),
            topics=chance.choice(((), ("complaint",), ("complaint", "order"))),
            attributes=chance.choice(((), (("about", "order"),), (("order-lines", "many"),))),
        )
        at = chance.choice((0, 1_500, 3_000))
        trace = judged(rules, facts, at)
        placed = rules.place(facts, at)
        assert (trace[-1].name, trace[-1].queue) == (placed.rule, placed.queue)
        assert [rule.holds for rule in trace] == [False] * (len(trace) - 1) + [True]


def test_a_long_value_is_cut() -> None:
    facts = Facts(channel="email", attributes=(("about", "x" * 500),))
    big = judged(ruleset(), facts, 1_500)[2]
    assert len(big.parts[0].looked[0].value) == 120

"""Rules, fallbacks and topics of a bundle."""

from __future__ import annotations

import time

import pytest

from router.core import rules as rules_module
from router.core.bundle import Bundle, ChannelSpec, OffHours, Presence, Queue, Rule, Topic
from router.core.facts import Facts
from router.core.rules import ABSENT_CHANNEL_LOAD, Fallback, Placement, Ruleset, Topics, fall_back, needs_of

RULES = (
    Rule(
        name="angry VIPs", queue="complaints", when='customer.segment == "vip" && "complaint" in topics',
        skills={"complaints": 3}, head_start_ms=300_000,
    ),
    Rule(name="at night", queue="mail", when='!open.office && channel != "email"'),
    Rule(name="orders", queue="orders", when='attributes.order != "" || topics == ["order"]'),
    Rule(name="all else", queue="general"),
)  # fmt: skip


def _bundle(**changes: object) -> Bundle:
    parts: dict[str, object] = {
        "site": "main",
        "zone": "UTC",
        "languages": ("en", "th"),
        "queues": {
            "general": Queue(name="general", hours="office"),
            "orders": Queue(name="orders", hours="office", skills={"orders": 1}, off_hours=OffHours(then="mail")),
            "complaints": Queue(
                name="complaints",
                hours="office",
                skills={"complaints": 1, "billing": 2},
                off_hours=OffHours(notices={"chat": "leave-message"}, then="orders"),
            ),
            "mail": Queue(name="mail", hours="always"),
        },
        "rules": RULES,
        "topics": (
            Topic(name="order", when='message.text.matches("(?i)order|订单|สั่งซื้อ")'),
            Topic(name="complaint", when='message.subject.matches("(?i)complain") || message.text.contains("投诉")'),
            Topic(name="thai", when='message.language == "th"'),
        ),
        "calendars": {"always": (0, 10_000), "office": (1_000, 2_000, 3_000, 4_000)},
        "skills": {"orders": 3, "complaints": 3, "billing": 3},
        "presences": {"available": Presence(name="available", accepts=True)},
        "channels": {"chat": ChannelSpec(load=30, live=True), "email": ChannelSpec(load=10, live=False)},
    }
    return Bundle(**(parts | changes))  # type: ignore[arg-type]


def test_the_first_rule_that_matches_places_a_message() -> None:
    facts = Facts(channel="chat", segment="vip", topics=("complaint", "order"))
    assert Ruleset(_bundle()).place(facts, 1_500) == Placement(
        rule="angry VIPs",
        queue="complaints",
        needs=(("channel:chat", 1), ("skill:billing", 2), ("skill:complaints", 3)),
        load=30,
        head_start_ms=300_000,
    )


@pytest.mark.parametrize(
    ("at", "rule"), [(999, "at night"), (1_000, "all else"), (2_000, "at night"), (3_999, "all else")]
)
def test_hours_decide_with_the_facts(at: int, rule: str) -> None:
    ruleset = Ruleset(_bundle())
    for _ in range(2):
        assert ruleset.place(Facts(channel="chat"), at).rule == rule
    assert ruleset.place(Facts(channel="email"), at).rule == "all else"


def test_remembered_hours_are_right_in_any_order_of_time() -> None:
    remembering, times = Ruleset(_bundle()), [1_500, 500, 3_500, 2_500, 1_000, 999, 4_000, 9_999_999, 1_999, 2_000]
    for at in times:
        assert remembering.place(Facts(channel="chat"), at) == Ruleset(_bundle()).place(Facts(channel="chat"), at)


def test_declared_attributes_and_whole_topic_lists_can_be_asked() -> None:
    ruleset = Ruleset(_bundle())
    assert ruleset.place(Facts(channel="chat", attributes=(("order", "A-7"),)), 1_500).rule == "orders"
    assert ruleset.place(Facts(channel="chat", topics=("order",)), 1_500).rule == "orders"
    assert ruleset.place(Facts(channel="chat", attributes=(("other", "A-7"),)), 1_500).rule == "all else"


def test_a_channel_that_was_switched_off_still_has_a_load() -> None:
    assert Ruleset(_bundle()).place(Facts(channel="phone"), 1_500).load == ABSENT_CHANNEL_LOAD


def test_memory_of_placements_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules_module, "PLACEMENTS_MAX", 10)
    ruleset = Ruleset(_bundle())
    for number in range(95):
        assert ruleset.place(Facts(channel="chat", attributes=(("order", str(number)),)), 1_500).rule == "orders"
    assert len(ruleset._known) <= 10


def test_a_bundle_without_a_last_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="no condition"):
        Ruleset(_bundle(rules=RULES[:-1]))


def test_the_higher_level_of_queue_and_rule_is_needed() -> None:
    bundle = _bundle()
    assert needs_of(bundle, "complaints", "email") == (
        ("channel:email", 1),
        ("skill:billing", 2),
        ("skill:complaints", 1),
    )
    assert needs_of(bundle, "complaints", "email", {"billing": 1, "orders": 2}) == (
        ("channel:email", 1), ("skill:billing", 2), ("skill:complaints", 1), ("skill:orders", 2),
    )  # fmt: skip


FALLBACKS = [
    ("complaints", "chat", {"complaints"}, Fallback("complaints", deferred=False, notice="")),
    ("complaints", "chat", {"orders", "mail"}, Fallback("orders", deferred=False, notice="leave-message")),
    ("complaints", "email", {"mail"}, Fallback("mail", deferred=False, notice="off-hours")),
    ("complaints", "chat", set(), Fallback("mail", deferred=True, notice="leave-message")),
    ("general", "chat", {"mail"}, Fallback("general", deferred=True, notice="off-hours")),
]


@pytest.mark.parametrize(("queue", "channel", "opened", "ends"), FALLBACKS)
def test_a_closed_queue_sends_on_to_the_first_open_one(
    queue: str, channel: str, opened: set[str], ends: Fallback
) -> None:
    assert fall_back(_bundle(), queue, channel, opened.__contains__) == ends


def test_a_circle_of_fallbacks_ends() -> None:
    queues = {
        name: Queue(name=name, hours="office", off_hours=OffHours(then=then))
        for name, then in (("a", "b"), ("b", "c"), ("c", "a"))
    }
    assert fall_back(_bundle(queues=queues), "a", "chat", lambda _queue: False).deferred


TEXTS = [
    ("Where is my Order?", "", "en", ("order",)),
    ("我要投诉这个订单", "", "zh", ("complaint", "order")),
    ("ขอสั่งซื้อ", "", "th", ("order", "thai")),
    ("hello", "A COMPLAINT", "en", ("complaint",)),
    ("hello", "", "en", ()),
    ("broken \ud83d order", "", "en", ("order",)),
]


@pytest.mark.parametrize(("text", "subject", "language", "topics"), TEXTS)
def test_topics_are_found_in_text_and_subject(text: str, subject: str, language: str, topics: tuple[str, ...]) -> None:
    assert Topics(_bundle()).of(text, subject, language) == topics


def test_topics_look_at_the_beginning_of_a_long_text_and_cost_little() -> None:
    topics = Topics(_bundle())
    long = "x " * rules_module.TOPIC_TEXT_CHARS_MAX
    assert topics.of("order " + long, "", "en") == ("order",)
    assert topics.of(long + " order", "", "en") == ()
    started = time.process_time()
    topics.of("(a" * 5_000_000, "", "en")
    assert time.process_time() - started < 1
